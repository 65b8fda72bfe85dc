import { UserError } from "../errors/index.ts";
import { charOfByte } from "./alphabet.ts";

/** Appends a piece's ids to `out`. */
export type MergePiece = (piece: string, out: number[]) => void;

// A heap key is rank · POSITIONS + position: exact in a double for 2^22 merges and pieces of 2^31 bytes.
const POSITIONS = 2 ** 31;

const CACHED_UNITS = 32; // longer pieces seldom come back
const CACHED_PIECES = 16_384; // some 3 MB; a file of 10,000 lines has about 5,000 distinct pieces

/**
 * Byte-level BPE (NETWORK.md 7.3): merges the adjacent pair of lowest rank, leftmost first on ties, until none is left.
 * O(n log n) in a piece's bytes, for every piece. `idOf` maps vocabulary texts to ids below `size`.
 */
export function createBpe(
  idOf: ReadonlyMap<string, number>,
  size: number,
  merges: ArrayLike<string>,
): MergePiece {
  const symbols = createSymbols(idOf, size);
  const table = createMergeTable(merges, symbols.intern);
  const byteSymbols = Int32Array.from({ length: 256 }, (_, byte) => symbols.intern(charOfByte(byte)));
  const merge = createMerger(table);
  const utf8 = new TextEncoder();
  let bytes = new Uint8Array(256);
  let cache = new Map<string, readonly number[]>();

  return (piece, out) => {
    const known = cache.get(piece);
    if (known) {
      for (const id of known) out.push(id);
      return;
    }
    if (bytes.length < piece.length * 3) bytes = new Uint8Array(piece.length * 3);
    const { written } = utf8.encodeInto(piece, bytes); // a lone surrogate becomes U+FFFD
    const begin = out.length;
    for (const symbol of merge(bytes.subarray(0, written), byteSymbols)) symbols.emit(symbol, out);
    if (piece.length > CACHED_UNITS) return;
    if (cache.size >= CACHED_PIECES) cache = new Map();
    // A slice keeps the document it was cut from alive: the cache holds a copy.
    cache.set(Buffer.from(piece, "utf16le").toString("utf16le"), out.slice(begin));
  };
}

/** A symbol is the id of its text, or a number from `size` up where a merge makes a text that is no token. */
function createSymbols(idOf: ReadonlyMap<string, number>, size: number) {
  const extra = new Map<string, number>();
  const extraTexts: string[] = [];
  return {
    intern(text: string): number {
      const known = idOf.get(text) ?? extra.get(text);
      if (known !== undefined) return known;
      extra.set(text, size + extraTexts.length);
      return size + extraTexts.push(text) - 1;
    },
    /** A text that is no token leaves as those of its bytes that are. */
    emit(symbol: number, out: number[]): void {
      if (symbol < size) {
        out.push(symbol);
        return;
      }
      for (const char of extraTexts[symbol - size]!) {
        const id = idOf.get(char);
        if (id !== undefined) out.push(id);
      }
    },
  };
}

interface MergeTable {
  /** By rank: the pair's symbols and the symbol they make. */
  left: Int32Array;
  right: Int32Array;
  made: Int32Array;
  /** The pair's rank, or -1. */
  rank(left: number, right: number): number;
}

function createMergeTable(merges: ArrayLike<string>, intern: (text: string) => number): MergeTable {
  const count = merges.length;
  const left = new Int32Array(count);
  const right = new Int32Array(count);
  const made = new Int32Array(count);
  const bits = Math.max(1, Math.ceil(Math.log2(count * 2 + 1)));
  const mask = 2 ** bits - 1;
  const slots = new Int32Array(2 ** bits); // open addressing; rank + 1, 0 = free

  /** The slot that holds the pair, or the free one where it belongs. */
  const slotOf = (l: number, r: number) => {
    let slot = Math.imul(Math.imul(l, 0x9e3779b1) ^ r, 0x85ebca6b) >>> (32 - bits);
    for (;;) {
      const held = slots[slot]! - 1;
      if (held < 0 || (left[held] === l && right[held] === r)) return slot;
      slot = (slot + 1) & mask;
    }
  };

  for (let rank = 0; rank < count; rank++) {
    const text = merges[rank]!;
    const space = text.indexOf(" ", 1); // from 1: a symbol is never empty
    if (space < 0) {
      throw new UserError({
        code: "model-unsupported",
        problem: `Merge ${rank} of ${count} in this model's tokenizer is ${JSON.stringify(text)}, which is no pair`,
        advice: "download the model again or choose another",
      });
    }
    const l = text.slice(0, space);
    const r = text.slice(space + 1);
    left[rank] = intern(l);
    right[rank] = intern(r);
    made[rank] = intern(l + r);
    const slot = slotOf(left[rank]!, right[rank]!);
    if (slots[slot] === 0) slots[slot] = rank + 1; // of equal pairs the first counts
  }
  return { left, right, made, rank: (l, r) => slots[slotOf(l, r)]! - 1 };
}

/** Merges in a linked list under a heap of candidate pairs; the result is valid until the next call. */
function createMerger({ left, right, made, rank }: MergeTable) {
  const heap = createHeap();
  let room = 256;
  let symbol = new Int32Array(room); // -1 = swallowed by the symbol before
  let next = new Int32Array(room);
  let previous = new Int32Array(room);

  const consider = (at: number, length: number) => {
    const after = next[at]!;
    if (after >= length) return;
    const found = rank(symbol[at]!, symbol[after]!);
    if (found >= 0) heap.push(found * POSITIONS + at);
  };

  return (bytes: Uint8Array, byteSymbols: Int32Array): Int32Array => {
    const length = bytes.length;
    if (length > room) {
      room = length;
      symbol = new Int32Array(room);
      next = new Int32Array(room);
      previous = new Int32Array(room);
    }
    for (let i = 0; i < length; i++) {
      symbol[i] = byteSymbols[bytes[i]!]!;
      next[i] = i + 1;
      previous[i] = i - 1;
    }
    for (let i = 0; i + 1 < length; i++) consider(i, length);

    while (heap.size() > 0) {
      const key = heap.pop();
      const at = key % POSITIONS;
      const best = (key - at) / POSITIONS;
      const after = next[at]!;
      // A candidate is stale once either of its symbols has grown or gone.
      if (symbol[at] !== left[best] || after >= length || symbol[after] !== right[best]) continue;
      symbol[at] = made[best]!;
      symbol[after] = -1;
      next[at] = next[after]!;
      if (next[at]! < length) previous[next[at]!] = at;
      if (previous[at]! >= 0) consider(previous[at]!, length);
      consider(at, length);
    }

    let count = 0;
    for (let at = 0; at < length; at = next[at]!) symbol[count++] = symbol[at]!;
    return symbol.subarray(0, count);
  };
}

/** A binary heap of doubles, least first. */
function createHeap() {
  let keys = new Float64Array(256);
  let size = 0;
  return {
    size: () => size,
    push(key: number): void {
      if (size === keys.length) {
        const larger = new Float64Array(size * 2);
        larger.set(keys);
        keys = larger;
      }
      let at = size++;
      while (at > 0) {
        const parent = (at - 1) >> 1;
        if (keys[parent]! <= key) break;
        keys[at] = keys[parent]!;
        at = parent;
      }
      keys[at] = key;
    },
    /** Requires size() > 0. */
    pop(): number {
      const least = keys[0]!;
      const moved = keys[--size]!;
      let at = 0;
      for (;;) {
        let child = at * 2 + 1;
        if (child >= size) break;
        if (child + 1 < size && keys[child + 1]! < keys[child]!) child++;
        if (moved <= keys[child]!) break;
        keys[at] = keys[child]!;
        at = child;
      }
      keys[at] = moved;
      return least;
    },
  };
}
