/** KV cache of one attention layer, [D, HKV, context] each. */
export interface KvLayer {
  readonly keys: GPUBuffer;
  readonly values: GPUBuffer;
}

/** Memory of one delta-net layer. */
export interface RecurrentLayer {
  /** [C, RING] raw projections by position modulo the ring: the convolution's history. */
  readonly tape: GPUBuffer;
  /** [D, D, HV, slots] state matrices, k fastest. */
  readonly slots: GPUBuffer;
}

/** Positions that the tape holds: a pass of 64 rows and 64 before them (DESIGN.md, "Rollback"). */
export const tapeRows = 128;

/** What a sequence keeps between passes. Whoever runs the passes owns it; the layers only read and write it. */
export interface SequenceMemory {
  /** Positions that the KV cache holds. */
  readonly context: number;
  readonly kvType: "f16" | "f32";
  /** By block; the MTP block's is at index `layers`. Exactly one of the two is set for each block. */
  readonly kv: readonly (KvLayer | undefined)[];
  readonly recurrent: readonly (RecurrentLayer | undefined)[];
  /** [2, ROT/2, context] cos and sin. */
  readonly rope: GPUBuffer;
}
