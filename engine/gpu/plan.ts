import type { Bindings, Gpu } from "./gpu.ts";
import type { Kernel, KernelSource } from "./kernel.ts";

/** What varies from one run of a plan to the next. */
export interface Use {
  /** Positions of the context in use after the pass: what attention must see. */
  readonly positions: number;
  /** Rows that are replayed from the tape, at most. */
  readonly replay: number;
}

/** Most workgroups that a dispatch has along x, where more go along another axis; devices allow 65,535. */
export const gridWidth = 32_768;

/** Workgroups along an axis; a function where the count follows the use. */
export type Grid = number | ((use: Use) => number);

const size = (grid: Grid, use: Use): number => (typeof grid === "number" ? grid : grid(use));

export interface Dispatch {
  readonly kernel: Kernel;
  readonly bindGroup: GPUBindGroup;
  readonly x: Grid;
  readonly y: Grid;
  readonly z: number;
  /** The kind of layer that the dispatch belongs to, for counts and profiles. */
  readonly part: string;
  /** What is bound, by the names of the kernel's variables. */
  readonly buffers: Bindings;
  /** Bytes that the dispatch's bindings span: an upper bound of what it reads and writes. */
  readonly bytesBound: number;
}

/**
 * A recorded sequence of dispatches: kernels compiled, bind groups made, shapes baked. Encoding it makes nothing
 * but the command buffer, which WebGPU uses only once.
 */
export class Plan {
  readonly dispatches: readonly Dispatch[];

  constructor(dispatches: readonly Dispatch[]) {
    this.dispatches = dispatches;
  }

  /** Encodes every dispatch, or those of [from, to). */
  encode(pass: GPUComputePassEncoder, use: Use, from = 0, to = this.dispatches.length): void {
    let pipeline: GPUComputePipeline | undefined;
    for (let index = from; index < to; index++) {
      const dispatch = this.dispatches[index]!;
      if (dispatch.kernel.pipeline !== pipeline) {
        pipeline = dispatch.kernel.pipeline;
        pass.setPipeline(pipeline);
      }
      pass.setBindGroup(0, dispatch.bindGroup);
      const [x, y] = [size(dispatch.x, use), size(dispatch.y, use)];
      // Each argument costs the host a tenth of a microsecond on its way to Dawn.
      if (dispatch.z !== 1) pass.dispatchWorkgroups(x, y, dispatch.z);
      else if (y !== 1) pass.dispatchWorkgroups(x, y);
      else pass.dispatchWorkgroups(x);
    }
  }

  /** Dispatches by part, in order of first appearance. */
  dispatchesByPart(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { part } of this.dispatches) counts.set(part, (counts.get(part) ?? 0) + 1);
    return counts;
  }

  get bytesBound(): number {
    return this.dispatches.reduce((sum, { bytesBound }) => sum + bytesBound, 0);
  }
}

interface Recorded {
  readonly kernel: Promise<Kernel>;
  readonly buffers: Bindings;
  readonly grid: readonly [Grid, Grid?, number?];
  readonly part: string;
}

/** Collects dispatches; `finish` waits for their kernels, which compile side by side meanwhile. */
export class PlanRecorder {
  readonly gpu: Gpu;
  /** Stamped on the dispatches that follow. */
  part = "";
  readonly #recorded: Recorded[] = [];

  constructor(gpu: Gpu) {
    this.gpu = gpu;
  }

  /**
   * Records a dispatch of `grid` workgroups. `finish` rejects where a name in `buffers` is not that of a variable of the
   * kernel, or a variable has no buffer.
   */
  dispatch(source: KernelSource, buffers: Bindings, grid: readonly [Grid, Grid?, number?]): void {
    this.#recorded.push({ kernel: this.gpu.kernel(source), buffers, grid, part: this.part });
  }

  async finish(): Promise<Plan> {
    const kernels = await Promise.all(this.#recorded.map(({ kernel }) => kernel));
    return new Plan(
      this.#recorded.map(({ buffers, grid: [x, y = 1, z = 1], part }, i) => ({
        kernel: kernels[i]!,
        bindGroup: this.gpu.bind(kernels[i]!, buffers),
        buffers,
        x,
        y,
        z,
        part,
        bytesBound: Object.values(buffers).reduce((sum, { size }) => sum + size, 0),
      })),
    );
  }
}

/** Collects what a plan would compile. */
class SourceRecorder extends PlanRecorder {
  readonly sources: KernelSource[] = [];

  override dispatch(source: KernelSource): void {
    this.sources.push(source);
  }
}

/**
 * Compiles the kernels that `record` dispatches one after the other, in the background of what else compiles or runs.
 * @returns false as soon as the signal aborts: one kernel may be compiling still, and what was compiled stays
 */
export async function compileInTurn(
  gpu: Gpu,
  record: (recorder: PlanRecorder) => void,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const recorder = new SourceRecorder(gpu);
  record(recorder);
  for (const source of recorder.sources) {
    if (signal?.aborted || !(await endsBeforeAbort(gpu.kernel(source), signal))) return false;
  }
  return true;
}

/** Whether the promise ends before the signal aborts. What becomes of it later does not matter then. */
async function endsBeforeAbort(promise: Promise<unknown>, signal: AbortSignal | undefined): Promise<boolean> {
  const ended = promise.then(() => true);
  if (!signal) return ended;
  let abort!: () => void;
  const aborted = new Promise<boolean>((resolve) => {
    abort = () => resolve(false);
    signal.addEventListener("abort", abort, { once: true });
  });
  try {
    return await Promise.race([ended, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
