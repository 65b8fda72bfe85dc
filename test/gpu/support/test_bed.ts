import { BLOCK_FORMATS } from "../../../engine/gguf/index.ts";
import { Gpu, type Plan, PlanRecorder } from "../../../engine/gpu/index.ts";
import {
  maxRows,
  type PassRows,
  type Path,
  type StepOptions,
  stepBuffer,
  stepState,
  stepWords,
} from "../../../engine/model/index.ts";

/** What lies in every buffer, or part of one, that a test has not filled: a NaN, so that reading it shows as well. */
export const poison = 0x7fc0dead;

/** A device and the buffers of one test. */
export class TestBed {
  readonly gpu: Gpu;
  readonly #buffers: GPUBuffer[] = [];
  #step: GPUBuffer | undefined;

  constructor(gpu: Gpu) {
    this.gpu = gpu;
  }

  get step(): GPUBuffer {
    this.#step ??= this.keep(stepBuffer(this.gpu));
    return this.#step;
  }

  /** Frees `buffer` with the test. */
  keep(buffer: GPUBuffer): GPUBuffer {
    this.#buffers.push(buffer);
    return buffer;
  }

  /** A buffer with `values`, then poison up to `length` words. */
  upload(values: ArrayLike<number> | Uint32Array, length = values.length): GPUBuffer {
    const words = new Uint32Array(Math.ceil(length / 4) * 4).fill(poison);
    if (values instanceof Uint32Array) words.set(values);
    else new Float32Array(words.buffer).set(values);
    return this.keep(this.gpu.upload("test input", words, "activations"));
  }

  poisoned(length: number): GPUBuffer {
    return this.upload([], length);
  }

  write(buffer: GPUBuffer, values: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>): void {
    this.gpu.device.queue.writeBuffer(buffer, 0, values);
  }

  /** Sets the step state; `rows` may be the rows' ids instead of their number. */
  setStep(position: number, rows: number | readonly number[], options: StepOptions = {}): void {
    const ids = typeof rows === "number" ? new Array<number>(Math.min(rows, maxRows)).fill(0) : rows;
    const words = stepWords(position, ids, options);
    if (typeof rows === "number") words[stepState.at("rows")] = rows; // an operation of its own may have more rows than a pass
    this.write(this.step, words);
  }

  /** Rows that go by `path` over the test's step state, recorded by `recorder`. */
  rows(recorder: PlanRecorder, path: Path): PassRows {
    return { ...path, recorder, step: this.step };
  }

  plan(record: (recorder: PlanRecorder) => void, gpu = this.gpu): Promise<Plan> {
    const recorder = new PlanRecorder(gpu);
    record(recorder);
    return recorder.finish();
  }

  /** Submits the plan; `positions` and `replay` as in `Plan.encode`. */
  execute(plan: Plan, positions = 0, replay = 0): void {
    const encoder = this.gpu.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    plan.encode(pass, { positions, replay });
    pass.end();
    this.gpu.submit(encoder.finish());
  }

  async run(
    record: (recorder: PlanRecorder) => void,
    { positions = 0, replay = 0, gpu = this.gpu }: { positions?: number; replay?: number; gpu?: Gpu } = {},
  ): Promise<void> {
    this.execute(await this.plan(record, gpu), positions, replay);
  }

  async words(buffer: GPUBuffer): Promise<Uint32Array> {
    return new Uint32Array(await this.gpu.read(buffer));
  }

  async floats(buffer: GPUBuffer): Promise<Float32Array> {
    return new Float32Array(await this.gpu.read(buffer));
  }

  freeBuffers(): void {
    for (const buffer of this.#buffers.splice(0)) this.gpu.free(buffer);
    this.#step = undefined;
  }
}

/** The device as it would be with other properties; methods and everything else are its own. */
export function withProperties<T extends object>(target: T, changed: Readonly<Record<string, unknown>>): T {
  return new Proxy(target, {
    get(real, name) {
      if (typeof name === "string" && name in changed) return changed[name];
      const value = Reflect.get(real, name);
      return typeof value === "function" ? value.bind(real) : value;
    },
  });
}

/** The device, taken for a GPU or for a CPU: on a GPU several lanes share a row of weights. Loops stay as they are. */
export const withLanes = (gpu: Gpu, lanes: "one" | "several"): Gpu =>
  withProperties(gpu, { software: lanes === "one" });

/** The device, taken for a GPU on which that variant was chosen. */
export function withChoice(gpu: Gpu, name: string, value: string): Gpu {
  const types = BLOCK_FORMATS.map(({ type }) => type);
  const about = { description: "", software: false, choices: { [name]: { value, ms: {}, types } } };
  const { chosen } = Gpu.prototype;
  return withProperties(gpu, { software: false, chosen: chosen.bind(new Gpu(gpu.device, about)) });
}

/** A device on which a binding holds at most `bytes` bytes. */
export function withBindingLimit(gpu: Gpu, bytes: number): Gpu {
  const limits = withProperties(gpu.device.limits, { maxStorageBufferBindingSize: bytes });
  return withProperties(gpu, { device: withProperties(gpu.device, { limits }) });
}
