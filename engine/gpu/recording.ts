import { performance } from "node:perf_hooks";
import { Gpu } from "./gpu.ts";

/** What a recording is made for: the limits that decide how matrices are cut, and the kind of device, which decides kernels. */
export interface RecordedDevice {
  readonly description: string;
  readonly software: boolean;
  readonly limits: Pick<
    GPUSupportedLimits,
    "maxBufferSize" | "maxStorageBufferBindingSize" | "maxStorageBuffersPerShaderStage"
  >;
}

/** Where no device is asked: bytes of NVIDIA's Vulkan driver, the lowest of today's graphics cards, and the buffers that WebGPU promises. */
export const anyGpu: RecordedDevice = {
  description: "no device, as for a GPU",
  software: false,
  limits: {
    maxBufferSize: 2 ** 32 - 1,
    maxStorageBufferBindingSize: 2 ** 31 - 4,
    maxStorageBuffersPerShaderStage: 8,
  },
};

/** A kernel of a recording, in the order in which they were compiled. */
export interface CompiledKernel {
  readonly name: string;
  readonly pipeline: GPUComputePipeline;
  /** Undefined: it was recorded only. */
  readonly ms?: number;
  /** What the compiler said, where it refused. */
  readonly error?: string;
}

export interface Recording {
  readonly gpu: Gpu;
  readonly kernels: readonly CompiledKernel[];
}

// WebGPU's own numbers; Dawn defines them too, where it is loaded.
const constants = {
  GPUBufferUsage: {
    MAP_READ: 1,
    MAP_WRITE: 2,
    COPY_SRC: 4,
    COPY_DST: 8,
    INDEX: 16,
    VERTEX: 32,
    UNIFORM: 64,
    STORAGE: 128,
    INDIRECT: 256,
    QUERY_RESOLVE: 512,
  },
  GPUShaderStage: { VERTEX: 1, FRAGMENT: 2, COMPUTE: 4 },
  GPUMapMode: { READ: 1, WRITE: 2 },
};

/**
 * A Gpu that plans can be recorded on without memory: its buffers are sizes, its commands do nothing, and what is read back is zeros.
 * Everything is counted as on a device, so a model of any size can be counted anywhere.
 * @param compiler compiles the kernels, one after the other, so that each time is its own; without it they are only noted
 */
export function recordingGpu(about: RecordedDevice = anyGpu, compiler?: GPUDevice): Recording {
  for (const [name, values] of Object.entries(constants)) {
    if (!(name in globalThis)) Object.assign(globalThis, { [name]: values });
  }
  const kernels: CompiledKernel[] = [];
  let last: Promise<unknown> = Promise.resolve();
  const compile = async (descriptor: GPUComputePipelineDescriptor): Promise<GPUComputePipeline> => {
    const kernel = { name: descriptor.label ?? "", ...(await pipelineOf(compiler, descriptor)) };
    kernels.push(kernel);
    return kernel.pipeline;
  };
  const device = {
    limits: about.limits,
    features: new Set<string>(),
    adapterInfo: { vendor: "", architecture: "", device: "", description: about.description },
    lost: new Promise(() => {}),
    addEventListener() {},
    destroy() {},
    pushErrorScope() {},
    popErrorScope: async () => null,
    queue: { writeBuffer() {}, submit() {}, onSubmittedWorkDone: async () => {} },
    createBuffer: (descriptor: GPUBufferDescriptor) => new RecordedBuffer(descriptor),
    createBindGroup: () => ({}),
    createCommandEncoder: () => ({
      beginComputePass: () => ({
        setPipeline() {},
        setBindGroup() {},
        dispatchWorkgroups() {},
        end() {},
      }),
      clearBuffer() {},
      copyBufferToBuffer() {},
      finish: () => ({}),
    }),
    createBindGroupLayout: (it: GPUBindGroupLayoutDescriptor) => compiler?.createBindGroupLayout(it) ?? {},
    createPipelineLayout: (it: GPUPipelineLayoutDescriptor) => compiler?.createPipelineLayout(it) ?? {},
    createShaderModule: (it: GPUShaderModuleDescriptor) => compiler?.createShaderModule(it) ?? {},
    createComputePipelineAsync: (descriptor: GPUComputePipelineDescriptor) => {
      const mine = last.then(() => compile(descriptor));
      last = mine;
      return mine;
    },
  };
  const { description, software } = about;
  return { gpu: new Gpu(device as unknown as GPUDevice, { description, software }), kernels };
}

async function pipelineOf(
  compiler: GPUDevice | undefined,
  descriptor: GPUComputePipelineDescriptor,
): Promise<Omit<CompiledKernel, "name">> {
  if (!compiler) return { pipeline: {} as GPUComputePipeline };
  const started = performance.now();
  try {
    const pipeline = await compiler.createComputePipelineAsync(descriptor);
    return { pipeline, ms: performance.now() - started };
  } catch (error) {
    const ms = performance.now() - started;
    return { pipeline: {} as GPUComputePipeline, ms, error: (error as Error).message };
  }
}

class RecordedBuffer {
  readonly label: string;
  readonly size: number;
  readonly usage: number;
  readonly mapState = "unmapped";

  constructor({ label = "", size, usage }: GPUBufferDescriptor) {
    this.label = label;
    this.size = size;
    this.usage = usage;
  }

  async mapAsync(): Promise<void> {}
  getMappedRange = (_offset = 0, bytes = this.size): ArrayBuffer => new ArrayBuffer(bytes);
  unmap(): void {}
  destroy(): void {}
}
