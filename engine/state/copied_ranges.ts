import type { Gpu } from "../gpu/index.ts";

/** Bytes [from, from + bytes) of a buffer. */
export interface Range {
  readonly buffer: GPUBuffer;
  readonly from: number;
  readonly bytes: number;
}

/** Ranges of some buffers, copied out. */
export interface CopiedRanges {
  readonly bytes: number;
  /** Copies them back to their places. */
  restore(encoder: GPUCommandEncoder): void;
  free(): void;
}

/** @throws UserError when the device's memory does not suffice */
export function copyRanges(gpu: Gpu, label: string, ranges: readonly Range[]): CopiedRanges {
  const bytes = ranges.reduce((sum, range) => sum + range.bytes, 0);
  if (bytes === 0) return { bytes, restore: () => {}, free: () => {} };
  const store = gpu.buffer(label, bytes, "snapshots");
  /** Each range with its place in the store. */
  const each = (copy: (range: Range, at: number) => void) => {
    let at = 0;
    for (const range of ranges) {
      copy(range, at);
      at += range.bytes;
    }
  };
  const encoder = gpu.device.createCommandEncoder();
  each(({ buffer, from, bytes: size }, at) => encoder.copyBufferToBuffer(buffer, from, store, at, size));
  gpu.submit(encoder.finish());
  return {
    bytes,
    restore: (target) =>
      each(({ buffer, from, bytes: size }, at) => target.copyBufferToBuffer(store, at, buffer, from, size)),
    free: () => gpu.free(store),
  };
}
