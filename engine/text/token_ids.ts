/**
 * Token ids by text. Not a `Map`: a merge is the text of three tokens in one string, and to cut it into strings that a Map can hash
 * takes 250,000 merges some five times as long. Of tokens with the same text the last counts.
 */
export class TokenIds {
  readonly #tokens: readonly string[];
  /** Open addressing: id + 1, 0 = free. */
  readonly #slots: Int32Array;
  readonly #hashes: Int32Array;
  readonly #mask: number;

  constructor(tokens: readonly string[]) {
    const size = 2 ** Math.ceil(Math.log2(2 * tokens.length + 1));
    this.#tokens = tokens;
    this.#slots = new Int32Array(size);
    this.#hashes = new Int32Array(size);
    this.#mask = size - 1;
    for (let id = 0; id < tokens.length; id++) {
      const text = tokens[id]!;
      const hash = hashOf(text, 0, text.length, -1);
      const slot = this.#slotOf(hash, text, 0, text.length, -1);
      this.#slots[slot] = id + 1;
      this.#hashes[slot] = hash;
    }
  }

  get(text: string): number | undefined {
    const id = this.find(text, 0, text.length);
    return id < 0 ? undefined : id;
  }

  has(text: string): boolean {
    return this.find(text, 0, text.length) >= 0;
  }

  /** The id of what `text` has from `from` to `to`, without the unit at `skipped`; -1: there is none. */
  find(text: string, from: number, to: number, skipped = -1): number {
    const hash = hashOf(text, from, to, skipped);
    return this.#slots[this.#slotOf(hash, text, from, to, skipped)]! - 1;
  }

  /** The slot that holds the text, or the free one where it belongs. */
  #slotOf(hash: number, text: string, from: number, to: number, skipped: number): number {
    let slot = hash & this.#mask;
    for (;;) {
      const id = this.#slots[slot]! - 1;
      if (id < 0) return slot;
      if (this.#hashes[slot] === hash && isEqual(this.#tokens[id]!, text, from, to, skipped)) return slot;
      slot = (slot + 1) & this.#mask;
    }
  }
}

/** FNV-1a over UTF-16 units, with its high bits mixed into the low ones, which choose the slot. */
function hashOf(text: string, from: number, to: number, skipped: number): number {
  let hash = 0x811c9dc5;
  for (let i = from; i < to; i++) if (i !== skipped) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash ^ (hash >>> 15);
}

function isEqual(token: string, text: string, from: number, to: number, skipped: number): boolean {
  const length = skipped < 0 ? to - from : to - from - 1;
  if (token.length !== length) return false;
  for (let i = 0, at = from; i < length; i++, at++) {
    if (at === skipped) at++;
    if (token.charCodeAt(i) !== text.charCodeAt(at)) return false;
  }
  return true;
}
