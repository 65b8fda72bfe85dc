import type { Gpu } from "../gpu/index.ts";
import {
  type Hyperparameters,
  type KvLayer,
  type RecurrentLayer,
  ropeTable,
  type SequenceMemory,
  tapeRows,
} from "../model/index.ts";
import type { Rollback } from "./rollback.ts";

export interface SequenceOptions {
  /** Positions that the KV cache holds. */
  readonly context: number;
  readonly kvType: "f16" | "f32";
  readonly rollback: Rollback;
  /** Whether the MTP block runs, which needs a KV cache of its own. */
  readonly mtp: boolean;
}

/** A sequence's memory and the means to copy, empty and free it. */
export interface OwnedSequence extends SequenceMemory {
  /** Slot of the trailing state, from which older positions are restored; the slots before it belong to the rollback strategy. */
  readonly trailingSlot: number;
  /** Forgets the sequence: zero state, zero hidden row before the first. KV and tape need no clearing. */
  reset(encoder: GPUCommandEncoder): void;
  copySlot(encoder: GPUCommandEncoder, from: number, to: number): void;
  free(): void;
}

/** Bytes of one state of one delta net. */
export const slotBytes = ({ delta }: Hyperparameters): number => delta.valueHeads * delta.headSize ** 2 * 4;

/** Bytes of each part of a sequence's memory. */
export function sequenceBytes(
  h: Hyperparameters,
  options: SequenceOptions,
): { kv: number; tape: number; slots: number; rope: number } {
  const { kvHeads, headSize, rotary } = h.attention;
  const kvLayers = h.fullAttention.filter(Boolean).length + (options.mtp ? 1 : 0);
  const recurrentLayers = h.fullAttention.length - h.fullAttention.filter(Boolean).length;
  const kvBytes = options.kvType === "f16" ? 2 : 4;
  return {
    kv: kvLayers * 2 * options.context * kvHeads * headSize * kvBytes,
    tape: tapeBytes(h, tapeRows) + tapeRows * h.embedding * 4,
    slots: (recurrentLayers * (options.rollback.slots + 1) + 1) * slotBytes(h),
    rope: options.context * rotary * 4,
  };
}

/** Bytes of `rows` rows of tape in all layers: raw projections and gates. */
export function tapeBytes(h: Hyperparameters, rows: number): number {
  const recurrentLayers = h.fullAttention.filter((full) => !full).length;
  return recurrentLayers * rows * (h.delta.channels + 2 * h.delta.valueHeads) * 4;
}

/** Bytes of one state of all delta nets. */
export const planeBytes = (h: Hyperparameters): number =>
  h.fullAttention.filter((full) => !full).length * slotBytes(h);

export function createSequenceMemory(gpu: Gpu, h: Hyperparameters, options: SequenceOptions): OwnedSequence {
  const { context, kvType, rollback } = options;
  const trailingSlot = rollback.slots;
  const kvLayerBytes = context * h.attention.kvHeads * h.attention.headSize * (kvType === "f16" ? 2 : 4);
  const buffers: GPUBuffer[] = [];
  const make = (label: string, bytes: number, category: "kv" | "state"): GPUBuffer => {
    const buffer = gpu.buffer(label, bytes, category);
    buffers.push(buffer);
    return buffer;
  };
  const kvLayer = (i: number): KvLayer => ({
    keys: make(`keys ${i}`, kvLayerBytes, "kv"),
    values: make(`values ${i}`, kvLayerBytes, "kv"),
  });
  const recurrentLayer = (i: number): RecurrentLayer => ({
    tape: make(`tape ${i}`, tapeRows * h.delta.channels * 4, "state"),
    gates: make(`gates ${i}`, tapeRows * h.delta.valueHeads * 8, "state"),
    slots: make(`state ${i}`, (trailingSlot + 1) * slotBytes(h), "state"),
  });
  const kv = h.fullAttention.map((full, i) => (full ? kvLayer(i) : undefined));
  if (options.mtp) kv.push(kvLayer(h.layers));
  const recurrent = h.fullAttention.map((full, i) => (full ? undefined : recurrentLayer(i)));
  const between = make("between slots", slotBytes(h), "state"); // WebGPU forbids a copy within one buffer
  const hidden = make("hidden rows", tapeRows * h.embedding * 4, "state");
  const rope = gpu.upload("rope", ropeTable(h.attention, context), "tables");
  buffers.push(rope);
  return {
    context,
    kvType,
    kv,
    recurrent,
    hidden,
    rope,
    trailingSlot,
    reset: (encoder) => {
      for (const layer of recurrent) if (layer) encoder.clearBuffer(layer.slots);
      encoder.clearBuffer(hidden, (tapeRows - 1) * h.embedding * 4);
    },
    copySlot: (encoder, from, to) => {
      const bytes = slotBytes(h);
      for (const layer of recurrent) {
        if (!layer) continue;
        encoder.copyBufferToBuffer(layer.slots, from * bytes, between, 0, bytes);
        encoder.copyBufferToBuffer(between, 0, layer.slots, to * bytes, bytes);
      }
    },
    free: () => {
      for (const buffer of buffers) gpu.free(buffer);
    },
  };
}
