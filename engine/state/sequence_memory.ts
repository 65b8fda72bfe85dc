import type { Gpu } from "../gpu/index.ts";
import {
  type Hyperparameters,
  type KvLayer,
  type RecurrentLayer,
  ropeTable,
  type SequenceMemory,
  tapeRows,
} from "../model/index.ts";

export interface SequenceOptions {
  /** Positions that the KV cache holds. */
  readonly context: number;
  readonly kvType: "f16" | "f32";
  /** State slots of a delta net: 1, or more for snapshots. */
  readonly slots: number;
  /** Whether the MTP block runs, which needs a KV cache of its own. */
  readonly mtp: boolean;
}

/** A sequence's memory and the means to empty and free it. */
export interface OwnedSequence extends SequenceMemory {
  /** Forgets the sequence: zero state. KV and tape need no clearing, since nothing reads past the position. */
  reset(encoder: GPUCommandEncoder): void;
  free(): void;
}

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
    tape: recurrentLayers * tapeRows * h.delta.channels * 4,
    slots: recurrentLayers * options.slots * h.delta.valueHeads * h.delta.headSize ** 2 * 4,
    rope: options.context * rotary * 4,
  };
}

export function createSequenceMemory(gpu: Gpu, h: Hyperparameters, options: SequenceOptions): OwnedSequence {
  const { context, kvType } = options;
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
    slots: make(`state ${i}`, options.slots * h.delta.valueHeads * h.delta.headSize ** 2 * 4, "state"),
  });
  const kv = h.fullAttention.map((full, i) => (full ? kvLayer(i) : undefined));
  if (options.mtp) kv.push(kvLayer(h.layers));
  const recurrent = h.fullAttention.map((full, i) => (full ? undefined : recurrentLayer(i)));
  const rope = gpu.upload("rope", ropeTable(h.attention, context), "tables");
  buffers.push(rope);
  return {
    context,
    kvType,
    kv,
    recurrent,
    rope,
    reset: (encoder) => {
      for (const layer of recurrent) if (layer) encoder.clearBuffer(layer.slots);
    },
    free: () => {
      for (const buffer of buffers) gpu.free(buffer);
    },
  };
}
