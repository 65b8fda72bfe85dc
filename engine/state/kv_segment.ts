import type { Gpu } from "../gpu/index.ts";
import { type CopiedRanges, copyRanges } from "./copied_ranges.ts";
import type { OwnedSequence } from "./sequence_memory.ts";

/** Keys and values of some positions, copied out of the cache. */
export type KvSegment = CopiedRanges;

const cachesOf = (memory: OwnedSequence): GPUBuffer[] =>
  memory.kv.flatMap((layer) => (layer ? [layer.keys, layer.values] : []));

/** Bytes of one position in all caches. They are position-major. */
export const kvRowBytes = (memory: OwnedSequence): number =>
  cachesOf(memory).reduce((sum, { size }) => sum + size / memory.context, 0);

/**
 * Copies keys and values of positions [from, to).
 * @throws UserError when the device's memory does not suffice
 */
export function copyKv(gpu: Gpu, memory: OwnedSequence, from: number, to: number): KvSegment {
  const ranges = cachesOf(memory).map((buffer) => {
    const rowBytes = buffer.size / memory.context;
    return { buffer, from: from * rowBytes, bytes: (to - from) * rowBytes };
  });
  return copyRanges(gpu, `keys and values of ${from} to ${to}`, ranges);
}
