import type { GpuPulse } from "../contract/index.ts";
import { inOneLine, UserError } from "../errors/index.ts";
import { assemble, bindingsOf, inBindingOrder, type Kernel, type KernelSource } from "./kernel.ts";
import type { Choices } from "./kernel_choices.ts";
import { type DeviceMemory, mebibytes } from "./memory.ts";
import type { SubgroupMatrices } from "./subgroup_matrices.ts";

/** A Vulkan driver that computes on the CPU, which set-up can put beside the code. */
export type SoftwareDevice = "lavapipe" | "swiftshader";

/** What a buffer is for; the ledger of GPU memory is kept by category. */
export type Category = "weights" | "kv" | "state" | "snapshots" | "activations" | "tables" | "staging";

/** A whole buffer, or a part of it (`offset` in bytes, a multiple of the device's alignment). */
export type Bindable =
  | GPUBuffer
  | { readonly buffer: GPUBuffer; readonly offset: number; readonly size: number };

/** What a kernel reads and writes, by the names of its variables in WGSL. */
export type Bindings = Readonly<Record<string, Bindable>>;

/** Counts of everything made or moved since the device was opened. Steady state changes only the last three. */
export interface GpuCounters {
  buffers: number;
  bindGroups: number;
  pipelines: number;
  submits: number;
  dispatches: number;
  bytesReadBack: number;
}

// Submits are cut to some 25 ms, so a GPU without a result for this long hangs. A software device compiles kernels
// when they first run, a minute each on a busy machine, and shares the processor with all else.
const patienceMs = 10_000;
const compilePatienceMs = 300_000;

/** Buffers that one piece of work makes. */
export interface Undoable {
  /** Others make buffers until the work is resumed. */
  pause(): void;
  resume(): void;
  /** Frees all that was made and not paused, except uniforms, which are the device's. */
  undo(): void;
}

/** One WebGPU device: makes buffers, kernels and bind groups, and counts them. Free it with `close()`. */
export class Gpu {
  readonly device: GPUDevice;
  readonly description: string;
  /** True for a device that computes on the CPU: a different matrix kernel is quicker there. */
  readonly software: boolean;
  /** Which of the software devices that set-up provides it is, if any. */
  readonly softwareDevice: SoftwareDevice | undefined;
  /** What is known of the device's memory; undefined where the system does not tell. */
  readonly memory: DeviceMemory | undefined;
  /** Bytes that may be held at once: the user's limit, else what was free when the device was opened; undefined if unknown. */
  readonly memoryLimit: number | undefined;
  /** What its matrix units compute; none where it has none, or does not offer them. */
  readonly matrices: readonly SubgroupMatrices[];
  /** Fixed while the device is open: all plans of a model have the same variants (I3). */
  readonly #choices: Choices;
  readonly counters: GpuCounters = {
    buffers: 0,
    bindGroups: 0,
    pipelines: 0,
    submits: 0,
    dispatches: 0,
    bytesReadBack: 0,
  };
  /** Why the device stopped working: device loss, lack of memory, a validation error. Thrown by `check()`. */
  #failure: Error | undefined;

  readonly #held = new Map<GPUBuffer, { category: Category; bytes: number; id: number }>();
  readonly #kernels = new Map<string, Promise<Kernel>>();
  readonly #layouts = new Map<string, GPUBindGroupLayout>();
  readonly #uniforms = new Map<string, GPUBuffer>();
  /** By the buffer with which they are freed. */
  readonly #scratch = new Map<GPUBuffer, Map<string, GPUBuffer>>();
  readonly #bindGroups = new Map<string, GPUBindGroup>();
  /** Waits for the GPU that are under way: how long each may take, in milliseconds. */
  readonly #waits = new Set<{ readonly patienceMs: number }>();
  #returned = 0;
  #nextId = 0;
  #closed = false;

  constructor(
    device: GPUDevice,
    about: {
      description: string;
      software: boolean;
      softwareDevice?: SoftwareDevice | undefined;
      memory?: DeviceMemory | undefined;
      memoryLimit?: number | undefined;
      matrices?: readonly SubgroupMatrices[] | undefined;
      choices?: Choices | undefined;
    },
  ) {
    this.device = device;
    this.description = about.description;
    this.software = about.software;
    this.softwareDevice = about.softwareDevice;
    this.memory = about.memory;
    this.memoryLimit = about.memoryLimit ?? about.memory?.free;
    this.matrices = about.matrices ?? [];
    this.#choices = about.choices ?? {};
    device.addEventListener("uncapturederror", (event) => {
      const { error } = event as GPUUncapturedErrorEvent;
      this.#failure ??= error instanceof GPUOutOfMemoryError ? this.#outOfMemory() : new Error(error.message);
    });
    device.lost.then((lost) => {
      if (this.#closed) return;
      this.#failure ??= new UserError({
        code: "device-lost",
        problem: `${this.description} was lost (${inOneLine(lost.message)})`,
        advice: "try again, and update its driver if it happens more often",
      });
    });
  }

  /** Throws if the device has failed since it was opened: a wrong result must never pass for a right one. */
  check(): void {
    if (this.#failure) throw this.#failure;
  }

  /**
   * The variant that was chosen for `name`; the first one, where none was, it is not offered, or it was never compared for one of these
   * quant types.
   */
  chosen(name: string, offered: readonly string[], types: readonly string[] = []): string {
    const { value, types: compared = [] } = this.#choices[name] ?? {};
    const holds = types.every((type) => compared.includes(type));
    return offered.find((it) => holds && it === value) ?? offered[0]!;
  }

  /** The GPU and its driver, as a key: another version of the driver has another. */
  get identity(): string {
    return identityOf(this.device);
  }

  /** Whether the system resets the device when it works on one submit for two seconds, as Windows does with GPUs. */
  get isWatched(): boolean {
    return !this.device.adapterInfo.isFallbackAdapter;
  }

  /** For a watchdog of ours. */
  get pulse(): GpuPulse {
    return {
      waiting: this.#waits.size > 0,
      returned: this.#returned,
      patienceMs: Math.max(patienceMs, ...Array.from(this.#waits, (wait) => wait.patienceMs)),
    };
  }

  /** Waits for what the GPU gives back; all waits go through here, so that a GPU that hangs shows in `pulse`. */
  async awaited<T>(promise: Promise<T>, compiles = false): Promise<T> {
    const wait = { patienceMs: this.software || compiles ? compilePatienceMs : patienceMs };
    this.#waits.add(wait);
    try {
      return await promise;
    } finally {
      this.#waits.delete(wait);
      this.#returned++;
    }
  }

  #outOfMemory(): UserError {
    return new UserError({
      code: "memory",
      problem: `${this.description} has no room for ${mebibytes(this.allBytesHeld)}`,
      advice: "close what else uses the GPU, or choose a smaller quant or a shorter context",
    });
  }

  /** Bytes in buffers that are alive now, by category. */
  bytesHeld(): Record<Category, number> {
    const sum = { weights: 0, kv: 0, state: 0, snapshots: 0, activations: 0, tables: 0, staging: 0 };
    for (const { category, bytes } of this.#held.values()) sum[category] += bytes;
    return sum;
  }

  /** … in all. */
  get allBytesHeld(): number {
    return Object.values(this.bytesHeld()).reduce((sum, bytes) => sum + bytes, 0);
  }

  /** What a buffer is for; undefined where it is not, or no longer, one of this device. */
  categoryOf(buffer: GPUBuffer): Category | undefined {
    return this.#held.get(buffer)?.category;
  }

  /** Bytes that the device is known to have and that nothing of ours holds; infinite where it cannot tell. */
  get freeBytes(): number {
    return (this.memoryLimit ?? Number.POSITIVE_INFINITY) - this.allBytesHeld;
  }

  /**
   * A zeroed buffer of at least `bytes` bytes (rounded up to 16, so that it can be bound as vec4s).
   * @throws UserError when it would pass the device's largest buffer. Lack of memory shows later, in `check()`.
   */
  buffer(label: string, bytes: number, category: Category, usage = GPUBufferUsage.STORAGE): GPUBuffer {
    const size = Math.max(16, Math.ceil(bytes / 16) * 16);
    if (size > this.device.limits.maxBufferSize) {
      throw new UserError({
        code: "memory",
        problem: `${label} needs a buffer of ${mebibytes(size)} and ${this.description} allows ${mebibytes(this.device.limits.maxBufferSize)}`,
        advice: "choose a smaller model or context",
      });
    }
    const buffer = this.device.createBuffer({
      label,
      size,
      usage:
        usage | GPUBufferUsage.COPY_DST | (usage & GPUBufferUsage.MAP_READ ? 0 : GPUBufferUsage.COPY_SRC),
    });
    this.counters.buffers++;
    this.#held.set(buffer, { category, bytes: size, id: this.#nextId++ });
    return buffer;
  }

  /** A buffer that holds `data`. */
  upload(label: string, data: ArrayBufferView<ArrayBuffer>, category: Category): GPUBuffer {
    const buffer = this.buffer(label, data.byteLength, category);
    this.device.queue.writeBuffer(buffer, 0, data);
    return buffer;
  }

  /** A uniform of these words; made once, and freed with the device. */
  uniform(words: Uint32Array<ArrayBuffer>): GPUBuffer {
    const key = words.join();
    let buffer = this.#uniforms.get(key);
    if (!buffer) {
      buffer = this.buffer("uniform", words.byteLength, "tables", GPUBufferUsage.UNIFORM);
      this.device.queue.writeBuffer(buffer, 0, words);
      this.#uniforms.set(key, buffer);
    }
    return buffer;
  }

  /**
   * A buffer that a dispatch fills for the next one: made once for all plans that read `step`, of which one runs at a time, and freed
   * with it.
   */
  scratch(step: GPUBuffer, label: string, bytes: number): GPUBuffer {
    const mine = this.#scratch.get(step) ?? new Map<string, GPUBuffer>();
    const key = `${label} ${bytes}`;
    const buffer = mine.get(key) ?? this.buffer(label, bytes, "activations");
    this.#scratch.set(step, mine.set(key, buffer));
    return buffer;
  }

  /** Frees a buffer and forgets the bind groups that name it. */
  free(buffer: GPUBuffer): void {
    const entry = this.#held.get(buffer);
    if (!entry) return;
    this.#held.delete(buffer);
    for (const key of this.#bindGroups.keys()) {
      if (key.split(" ").some((part) => part.startsWith(`${entry.id}:`))) this.#bindGroups.delete(key);
    }
    buffer.destroy();
    for (const scratch of this.#scratch.get(buffer)?.values() ?? []) this.free(scratch);
    this.#scratch.delete(buffer);
  }

  /** For work that makes many buffers and may fail at any of them, while nothing else makes some: see `Undoable`. */
  undoable(): Undoable {
    const stretches = [{ first: this.#nextId, end: Number.POSITIVE_INFINITY }];
    const isOurs = (id: number) => stretches.some(({ first, end }) => first <= id && id < end);
    return {
      pause: () => {
        stretches.at(-1)!.end = this.#nextId;
      },
      resume: () => {
        stretches.push({ first: this.#nextId, end: Number.POSITIVE_INFINITY });
      },
      undo: () => {
        const uniforms = new Set(this.#uniforms.values());
        for (const [buffer, { id }] of [...this.#held])
          if (isOurs(id) && !uniforms.has(buffer)) this.free(buffer);
      },
    };
  }

  /** Compiles a kernel, or returns it if its text was compiled before. */
  kernel(source: KernelSource): Promise<Kernel> {
    const code = assemble(source, { rolled: this.software });
    let kernel = this.#kernels.get(code);
    if (!kernel) {
      kernel = this.#compile(source.name, code);
      this.#kernels.set(code, kernel);
    }
    return kernel;
  }

  async #compile(name: string, code: string): Promise<Kernel> {
    const bindings = bindingsOf(code);
    const signature = bindings.map(({ binding, type }) => `${binding}${type[0]}`).join("");
    let layout = this.#layouts.get(signature);
    if (!layout) {
      layout = this.device.createBindGroupLayout({
        entries: bindings.map(({ binding, type }) => ({
          binding,
          visibility: GPUShaderStage.COMPUTE,
          buffer: { type },
        })),
      });
      this.#layouts.set(signature, layout);
    }
    this.counters.pipelines++;
    try {
      const module = await this.#shaderModule(name, code);
      const pipeline = await this.device.createComputePipelineAsync({
        label: name,
        layout: this.device.createPipelineLayout({ bindGroupLayouts: [layout] }),
        compute: { module, entryPoint: "main" },
      });
      return { name, pipeline, layout, bindings, signature };
    } catch (error) {
      throw new Error(`kernel ${name} does not compile: ${(error as Error).message}`);
    }
  }

  /** @throws Error that says why Dawn refuses the text: the kernel's fault alone, and no failure of the device */
  async #shaderModule(name: string, code: string): Promise<GPUShaderModule> {
    this.device.pushErrorScope("validation");
    const module = this.device.createShaderModule({ label: name, code });
    const refused = await this.device.popErrorScope().catch(() => undefined); // the device was lost, which `check` tells
    if (refused) throw new Error(refused.message); // without validation, Dawn makes a pipeline of it and ends the process
    return module;
  }

  /**
   * The bind group of `kernel` over `buffers`; made once.
   * @throws Error that names the kernel, when a name is missing or unknown, and when a buffer was freed
   */
  bind(kernel: Kernel, buffers: Bindings): GPUBindGroup {
    const parts = inBindingOrder(kernel, buffers).map((it) =>
      "buffer" in it ? it : { buffer: it, offset: 0, size: it.size },
    );
    const key = `${kernel.signature} ${parts.map((p) => `${this.#id(p.buffer)}:${p.offset}+${p.size}`).join(" ")}`;
    let group = this.#bindGroups.get(key);
    if (!group) {
      group = this.device.createBindGroup({
        layout: kernel.layout,
        entries: parts.map((resource, i) => ({ binding: kernel.bindings[i]!.binding, resource })),
      });
      this.counters.bindGroups++;
      this.#bindGroups.set(key, group);
    }
    return group;
  }

  #id(buffer: GPUBuffer): number {
    const entry = this.#held.get(buffer);
    if (!entry) throw new Error(`buffer ${buffer.label} was freed or is not of this device`);
    return entry.id;
  }

  submit(commands: GPUCommandBuffer): void {
    this.device.queue.submit([commands]);
    this.counters.submits++;
  }

  /** Reads `bytes` bytes of `buffer` once. For tests, logits and tools: a step uses a `ReadbackRing`. */
  async read(buffer: GPUBuffer, bytes = buffer.size, offset = 0): Promise<ArrayBuffer> {
    const staging = this.buffer("read", bytes, "staging", GPUBufferUsage.MAP_READ);
    const encoder = this.device.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, offset, staging, 0, Math.ceil(bytes / 4) * 4);
    this.submit(encoder.finish());
    await this.awaited(staging.mapAsync(GPUMapMode.READ));
    const copy = staging.getMappedRange().slice(0, bytes);
    staging.unmap();
    this.free(staging);
    this.counters.bytesReadBack += bytes;
    this.check();
    return copy;
  }

  /**
   * Resolves when everything submitted so far has run.
   * @param compiles kernels run for the first time, and drivers may compile them then
   */
  async idle(compiles = false): Promise<void> {
    await this.awaited(this.device.queue.onSubmittedWorkDone(), compiles);
    this.check();
  }

  close(): void {
    this.#closed = true;
    this.device.destroy();
    this.#held.clear();
    this.#bindGroups.clear();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** `Gpu.identity`, before there is a Gpu. */
export function identityOf({ adapterInfo }: GPUDevice): string {
  const { vendor, architecture, device, description } = adapterInfo;
  return [vendor, architecture, device, description].filter(Boolean).join(" | ");
}
