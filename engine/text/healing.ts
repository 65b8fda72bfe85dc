import type { Tokenizer } from "./tokenizer.ts";

/** Says which tokens may come while a text goes over bytes that are typed already. */
export interface TokenHealing {
  /** A bit for each id, ids in ascending order from bit 0 of word 0; undefined once the bytes are passed: any token may come. */
  mask(): Uint32Array | undefined;
  /** Takes in the token that came. */
  take(id: number): void;
}

/**
 * Token healing: the last word of what is typed is unfinished, so no token of it is certain. It is left to the model, which
 * may draw only tokens that agree with it, until its bytes are passed; with tokens that are a part of it, there are several.
 * A vocabulary that cannot spell the bytes leaves any token open.
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
