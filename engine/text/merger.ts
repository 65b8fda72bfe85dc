/** Appends a piece's ids to `out`. */
export type MergePiece = (piece: string, out: number[]) => void;

/** Which pairs of symbols merge, and into what. */
export interface MergeRules {
  /** The pair's rank, the least first; -1 where it does not merge. */
  rank(left: number, right: number): number;
  /** Whether a pair is still one of this rank. */
  has(rank: number, left: number, right: number): boolean;
  made(rank: number, left: number, right: number): number;
}

// A heap key is rank · POSITIONS + position: exact in a double for 2^22 ranks and pieces of 2^31 symbols.
const POSITIONS = 2 ** 31;

/**
 * Merges the adjacent pair of lowest rank, leftmost first on ties, until none is left; O(n log n). The symbols are read
 * from the head of `symbols`; the result is valid until the next call.
 */
export function createMerger({ rank, has, made }: MergeRules) {
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

  return (symbols: ArrayLike<number>, length: number): Int32Array => {
    if (length > room) {
      room = length;
      symbol = new Int32Array(room);
      next = new Int32Array(room);
      previous = new Int32Array(room);
    }
    for (let i = 0; i < length; i++) {
      symbol[i] = symbols[i]!;
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
      if (symbol[at] === -1 || after >= length || !has(best, symbol[at]!, symbol[after]!)) continue;
      symbol[at] = made(best, symbol[at]!, symbol[after]!);
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

const CACHED_UNITS = 32; // longer pieces seldom come back
const CACHED_PIECES = 16_384; // some 3 MB; a file of 10,000 lines has about 5,000 distinct pieces

/** Remembers what short pieces became. */
export function remembering(merge: MergePiece): MergePiece {
  let cache = new Map<string, readonly number[]>();
  return (piece, out) => {
    const known = cache.get(piece);
    if (known) {
      for (const id of known) out.push(id);
      return;
    }
    const begin = out.length;
    merge(piece, out);
    if (piece.length > CACHED_UNITS) return;
    if (cache.size >= CACHED_PIECES) cache = new Map();
    // A slice keeps the document it was cut from alive: the cache holds a copy.
    cache.set(Buffer.from(piece, "utf16le").toString("utf16le"), out.slice(begin));
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
