import { maxRows } from "./step.ts";

/** KV cache of one attention layer, [D, HKV, context] each. */
export interface KvLayer {
  readonly keys: GPUBuffer;
  readonly values: GPUBuffer;
}

/** Memory of one delta-net layer. */
export interface RecurrentLayer {
  /** [C, RING] raw projections by position modulo the ring: the convolution's history, and what a replay starts from. */
  readonly tape: GPUBuffer;
  /** [2, HV, RING] g, β by position modulo the ring. */
  readonly gates: GPUBuffer;
  /** [D, D, HV, slots] state matrices, k fastest. */
  readonly slots: GPUBuffer;
}

/** Positions before the current one that can be restored from the tape (NETWORK.md 5.2). */
export const historyRows = 128;

/** Positions before its own that the convolution reads. */
export const convolutionRows = 3;

/** Rows by which the trailing state, from which older positions are restored, advances at a time. */
export const trailingStep = 16;

/**
 * Positions that the tape holds: the history, a pass that may all be rejected, the convolution's three rows before the
 * trailing state, and room for that state to lag behind.
 */
export const tapeRows = historyRows + maxRows + 2 * trailingStep;

/** What a sequence keeps between passes. The runner of the passes owns it; the layers only read and write it. */
export interface SequenceMemory {
  /** Positions that the KV cache holds. */
  readonly context: number;
  readonly kvType: "f16" | "f32";
  /** By block; the MTP block's is at index `layers`. Exactly one of the two is set for each block. */
  readonly kv: readonly (KvLayer | undefined)[];
  readonly recurrent: readonly (RecurrentLayer | undefined)[];
  /** [E, RING] the trunk's rows after output_norm by position modulo the ring; zeros for position −1. */
  readonly hidden: GPUBuffer;
  /** [2, ROT/2, context] cos and sin. */
  readonly rope: GPUBuffer;
}
