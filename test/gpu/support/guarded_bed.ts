import {
  type Bindings,
  type Gpu,
  type KernelSource,
  type Plan,
  PlanRecorder,
} from "../../../engine/gpu/index.ts";
import { type StepOptions, stepState } from "../../../engine/model/index.ts";
import { poison, TestBed } from "./test_bed.ts";

/** Bytes before and behind each binding that no kernel may touch: more than any index that is wrong by one reaches. */
const GUARD = 1 << 16;

/** A place in a larger buffer, which is what a kernel is given in the place of a test's own buffer. */
interface Guarded {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly size: number;
}

class GuardedRecorder extends PlanRecorder {
  readonly #inside: (buffer: GPUBuffer) => Guarded;

  constructor(gpu: Gpu, inside: (buffer: GPUBuffer) => Guarded) {
    super(gpu);
    this.#inside = inside;
  }

  override dispatch(
    source: KernelSource,
    buffers: Bindings,
    grid: Parameters<PlanRecorder["dispatch"]>[2],
  ): void {
    const guarded = Object.entries(buffers).map(([name, bound]) => {
      const isUniform = "usage" in bound && (bound.usage & GPUBufferUsage.UNIFORM) !== 0;
      return [name, isUniform || !("usage" in bound) ? bound : this.#inside(bound)];
    });
    super.dispatch(source, Object.fromEntries(guarded), grid);
  }
}

/** A test bed whose kernels work on copies of the test's buffers, with poison on either side, and whose step state may be wrong. */
export class GuardedBed extends TestBed {
  /** What fields of the step state are, whatever a test sets them to. */
  wrong: Readonly<Record<string, number>> = {};
  readonly #guarded = new Map<GPUBuffer, Guarded>();

  override setStep(position: number, rows: number | readonly number[], options: StepOptions = {}): void {
    super.setStep(position, rows, options);
    for (const [field, value] of Object.entries(this.wrong))
      this.gpu.device.queue.writeBuffer(this.step, stepState.at(field) * 4, Uint32Array.of(value));
  }

  override plan(record: (recorder: PlanRecorder) => void, gpu = this.gpu): Promise<Plan> {
    const recorder = new GuardedRecorder(gpu, (buffer) => this.#inside(buffer));
    record(recorder);
    return recorder.finish();
  }

  override execute(plan: Plan, positions = 0, replay = 0): void {
    const encoder = this.gpu.device.createCommandEncoder();
    for (const [own, { buffer, offset, size }] of this.#guarded)
      encoder.copyBufferToBuffer(own, 0, buffer, offset, size);
    const pass = encoder.beginComputePass();
    plan.encode(pass, { positions, replay });
    pass.end();
    for (const [own, { buffer, offset, size }] of this.#guarded)
      encoder.copyBufferToBuffer(buffer, offset, own, 0, size);
    this.gpu.submit(encoder.finish());
  }

  #inside(own: GPUBuffer): Guarded {
    let guarded = this.#guarded.get(own);
    if (!guarded) {
      const words = new Uint32Array((own.size + 2 * GUARD) / 4).fill(poison);
      guarded = { buffer: this.upload(words), offset: GUARD, size: own.size };
      this.#guarded.set(own, guarded);
    }
    return guarded;
  }

  /** The names of buffers beside which something was written. */
  async touched(): Promise<string[]> {
    const names: string[] = [];
    for (const [own, { buffer, offset, size }] of this.#guarded) {
      const words = await this.words(buffer);
      const isGuard = (_: number, i: number) => i * 4 < offset || i * 4 >= offset + size;
      if (words.filter(isGuard).some((word) => word !== poison)) names.push(own.label);
    }
    return names;
  }

  override freeBuffers(): void {
    this.#guarded.clear();
    super.freeBuffers();
  }
}
