import type { Gpu } from "../gpu/index.ts";
import type { OwnedSequence } from "./sequence_memory.ts";

/** Keys and values of positions [from, to), copied out of the cache. */
export interface KvSegment {
  readonly bytes: number;
  /** Copies them back to their positions. */
  restore(encoder: GPUCommandEncoder): void;
  free(): void;
}

const cachesOf = (memory: OwnedSequence): GPUBuffer[] =>
  memory.kv.flatMap((layer) => (layer ? [layer.keys, layer.values] : []));

/** Bytes of one position in all caches. They are position-major. */
export const kvRowBytes = (memory: OwnedSequence): number =>
  cachesOf(memory).reduce((sum, { size }) => sum + size / memory.context, 0);

/** @throws UserError when the device's memory does not suffice */
export function copyKv(gpu: Gpu, memory: OwnedSequence, from: number, to: number): KvSegment {
  const caches = cachesOf(memory);
  const bytes = (to - from) * kvRowBytes(memory);
  const rowBytes = kvRowBytes(memory) / Math.max(1, caches.length); // all layers are alike
  const size = (to - from) * rowBytes;
  if (bytes === 0) return { bytes: 0, restore: () => {}, free: () => {} };
  const store = gpu.buffer(`keys and values of ${from} to ${to}`, bytes, "snapshots");
  const encoder = gpu.device.createCommandEncoder();
  for (const [i, cache] of caches.entries())
    encoder.copyBufferToBuffer(cache, from * rowBytes, store, i * size, size);
  gpu.submit(encoder.finish());
  return {
    bytes,
    restore: (target) => {
      for (const [i, cache] of caches.entries())
        target.copyBufferToBuffer(store, i * size, cache, from * rowBytes, size);
    },
    free: () => gpu.free(store),
  };
}
