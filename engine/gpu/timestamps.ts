import type { Gpu } from "./gpu.ts";

/** Queries of a set, at most: WebGPU's own limit. */
const queriesOfSet = 4096;
const queryBytes = 8;

/** When a compute pass began and ended, in nanoseconds of the GPU's own clock. */
export interface PassTime {
  readonly begin: bigint;
  readonly end: bigint;
}

/** Whether the device was opened with timestamps (`DeviceChoice.timestamps`) and has them. */
export const hasTimestamps = ({ device }: Gpu): boolean => device.features.has("timestamp-query");

/** Times of compute passes by the GPU's clock: for reports, never for a step. */
export class Timestamps {
  readonly #gpu: Gpu;
  readonly #passes: number;
  readonly #sets: GPUQuerySet[];
  readonly #resolved: GPUBuffer;

  /**
   * @param passes passes of one reading, at most
   * @throws Error where the device has none
   */
  constructor(gpu: Gpu, passes: number) {
    if (!hasTimestamps(gpu)) throw new Error(`${gpu.description} was opened without timestamps`);
    this.#gpu = gpu;
    this.#passes = passes;
    const counts: number[] = [];
    for (let left = 2 * passes; left > 0; left -= queriesOfSet) counts.push(Math.min(left, queriesOfSet));
    this.#sets = counts.map((count) => gpu.device.createQuerySet({ type: "timestamp", count }));
    this.#resolved = gpu.buffer(
      "timestamps",
      2 * passes * queryBytes,
      "staging",
      GPUBufferUsage.QUERY_RESOLVE,
    );
  }

  /** What the descriptor of pass `index` gets as `timestampWrites`. */
  writes(index: number): GPUComputePassTimestampWrites {
    if (index >= this.#passes) throw new Error(`pass ${index} of ${this.#passes}`);
    const first = 2 * index; // even, so both are of one set
    return {
      querySet: this.#sets[Math.floor(first / queriesOfSet)]!,
      beginningOfPassWriteIndex: first % queriesOfSet,
      endOfPassWriteIndex: (first % queriesOfSet) + 1,
    };
  }

  /** The times of the first `passes` passes, after all that was submitted. */
  async read(passes = this.#passes): Promise<PassTime[]> {
    const encoder = this.#gpu.device.createCommandEncoder();
    for (const [i, set] of this.#sets.entries())
      encoder.resolveQuerySet(set, 0, set.count, this.#resolved, i * queriesOfSet * queryBytes);
    this.#gpu.submit(encoder.finish());
    const words = new BigUint64Array(await this.#gpu.read(this.#resolved, 2 * passes * queryBytes));
    return Array.from({ length: passes }, (_, i) => ({ begin: words[2 * i]!, end: words[2 * i + 1]! }));
  }

  free(): void {
    for (const set of this.#sets) set.destroy();
    this.#gpu.free(this.#resolved);
  }
}
