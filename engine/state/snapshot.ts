import type { Gpu } from "../gpu/index.ts";
import { convolutionRows, type Hyperparameters, tapeRows } from "../model/index.ts";
import { type OwnedSequence, planeBytes, slotBytes } from "./sequence_memory.ts";

/**
 * The recurrent state at one position, in a buffer of its own: every delta net's matrices, the three rows that its
 * convolution still reads, and the hidden row that the MTP block pairs with the next token.
 */
export interface Snapshot {
  readonly position: number;
  readonly bytes: number;
  /** Copies it into `slots` of the sequence, and its rows into the tape. */
  restore(encoder: GPUCommandEncoder, slots: readonly number[]): void;
  free(): void;
}

/** One copy: a range of one of the sequence's buffers, and where the snapshot has it. */
interface Part {
  readonly buffer: GPUBuffer;
  readonly from: number;
  readonly bytes: number;
  readonly at: number;
  /** Set for a state: distance of its slots. */
  readonly slotDistance: number | undefined;
}

/** Bytes of one snapshot. */
export const snapshotBytes = (h: Hyperparameters): number => {
  const recurrentLayers = h.fullAttention.filter((full) => !full).length;
  return planeBytes(h) + (recurrentLayers * convolutionRows * h.delta.channels + h.embedding) * 4;
};

/** @param position of the sequence, whose state must be committed to slot 0 */
export function createSnapshot(
  gpu: Gpu,
  h: Hyperparameters,
  memory: OwnedSequence,
  position: number,
): Snapshot {
  const parts: Part[] = [];
  let bytes = 0;
  const add = (buffer: GPUBuffer, from: number, size: number, slotDistance?: number) => {
    parts.push({ buffer, from, bytes: size, at: bytes, slotDistance });
    bytes += size;
  };
  const tapeRow = h.delta.channels * 4;
  for (const layer of memory.recurrent) {
    if (!layer) continue;
    add(layer.slots, 0, slotBytes(h), slotBytes(h));
    for (let back = 1; back <= Math.min(convolutionRows, position); back++) {
      add(layer.tape, ((position - back) % tapeRows) * tapeRow, tapeRow);
    }
  }
  const hiddenRow = h.embedding * 4;
  add(memory.hidden, ((position - 1 + tapeRows) % tapeRows) * hiddenRow, hiddenRow);

  const store = gpu.buffer(`snapshot at ${position}`, bytes, "snapshots");
  const encoder = gpu.device.createCommandEncoder();
  for (const part of parts) encoder.copyBufferToBuffer(part.buffer, part.from, store, part.at, part.bytes);
  gpu.submit(encoder.finish());
  return {
    position,
    bytes,
    restore: (target, slots) => {
      for (const { buffer, from, bytes: size, at, slotDistance: distance } of parts) {
        const places = distance === undefined ? [from] : slots.map((slot) => slot * distance);
        for (const place of places) target.copyBufferToBuffer(store, at, buffer, place, size);
      }
    },
    free: () => gpu.free(store),
  };
}
