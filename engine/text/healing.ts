import type { Tokenizer } from "./tokenizer.ts";

/** Which tokens may be sampled while the output repeats bytes that the user has already typed. */
export interface TokenHealing {
  /** A bit for each id, ids in ascending order from bit 0 of word 0; undefined once the bytes are covered: all are allowed. */
  mask(): Uint32Array | undefined;
  /** Advances by the sampled token. */
  take(id: number): void;
}

/**
 * Token healing: the last typed word is unfinished, so none of its tokens is certain. The model samples them again, from tokens
 * that agree with the word's bytes, until those are covered; shorter tokens may take several samples. If the vocabulary cannot
 * spell the bytes, any token is allowed.
 */
export function createHealing(tokenizer: Tokenizer, typed: Uint8Array): TokenHealing {
  let left = typed;
  return {
    mask() {
      if (left.length === 0) return undefined;
      const allowed = tokenizer.agreeing(left);
      if (allowed.length === 0) return undefined;
      const mask = new Uint32Array(Math.ceil(tokenizer.size / 32));
      for (const id of allowed) mask[id >> 5]! |= 1 << (id & 31);
      return mask;
    },
    take(id) {
      left = left.subarray(Math.min(left.length, tokenizer.bytes(id).length));
    },
  };
}
