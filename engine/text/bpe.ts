import { UserError } from "../errors/index.ts";
import { bytesOfText, charOfByte, textOfBytes } from "./alphabet.ts";
import { createMerger, type MergePiece, type MergeRules, remembering } from "./merger.ts";
import { piecesOf, settledLength } from "./pre_tokenizers.ts";
import type { Spelling } from "./spelling.ts";
import type { TokenIds } from "./token_ids.ts";
import type { VocabularySource } from "./vocabulary.ts";

/** Byte-level BPE (NETWORK.md 7.3) after a pre-tokenizer. `idOf` maps vocabulary texts to ids. */
export function createByteLevel(
  { pre, merges, tokens, ignoreMerges = false }: VocabularySource,
  idOf: TokenIds,
): Spelling {
  const mergePiece = createBpe(idOf, tokens.length, merges, ignoreMerges);
  return {
    encode(text, out, { limit }) {
      const endOf = piecesOf(text, pre);
      for (let start = 0; start < text.length && out.length <= limit; ) {
        const end = endOf(start);
        mergePiece(text.slice(start, end), out);
        start = end;
      }
    },
    settledLength: (text) => settledLength(text, pre),
    bytesOf: bytesOfText,
  };
}

/** Merges within a piece. With `whole`, a piece that is a token is that token. */
function createBpe(idOf: TokenIds, size: number, merges: ArrayLike<string>, whole: boolean): MergePiece {
  const symbols = createSymbols(idOf, size);
  const merge = createMerger(createMergeTable(merges, symbols.intern));
  const byteSymbols = Int32Array.from({ length: 256 }, (_, byte) => symbols.intern(charOfByte(byte)));
  const utf8 = new TextEncoder();
  let bytes = new Uint8Array(256);
  let spelled = new Int32Array(256);

  return remembering((piece, out) => {
    if (bytes.length < piece.length * 3) {
      bytes = new Uint8Array(piece.length * 3);
      spelled = new Int32Array(bytes.length);
    }
    const { written } = utf8.encodeInto(piece, bytes); // a lone surrogate becomes U+FFFD
    const token = whole ? idOf.get(textOfBytes(bytes.subarray(0, written))) : undefined;
    if (token !== undefined) {
      out.push(token);
      return;
    }
    for (let i = 0; i < written; i++) spelled[i] = byteSymbols[bytes[i]!]!;
    for (const symbol of merge(spelled, written)) symbols.emit(symbol, out);
  });
}

/** A symbol is the id of its text, or a number from `size` up where a merge makes a text that is no token. */
function createSymbols(idOf: TokenIds, size: number) {
  const extra = new Map<string, number>();
  const extraTexts: string[] = [];
  return {
    /** The symbol of what `text` has from `from` to `to`, without the unit at `skipped`. */
    intern(text: string, from = 0, to = text.length, skipped = -1): number {
      const id = idOf.find(text, from, to, skipped);
      if (id >= 0) return id;
      const own =
        skipped < 0 ? text.slice(from, to) : text.slice(from, skipped) + text.slice(skipped + 1, to);
      const known = extra.get(own);
      if (known !== undefined) return known;
      extra.set(own, size + extraTexts.length);
      return size + extraTexts.push(own) - 1;
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

type Intern = ReturnType<typeof createSymbols>["intern"];

function createMergeTable(merges: ArrayLike<string>, intern: Intern): MergeRules {
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
    left[rank] = intern(text, 0, space);
    right[rank] = intern(text, space + 1);
    made[rank] = intern(text, 0, text.length, space);
    const slot = slotOf(left[rank]!, right[rank]!);
    if (slots[slot] === 0) slots[slot] = rank + 1; // of equal pairs the first counts
  }
  return {
    rank: (l, r) => slots[slotOf(l, r)]! - 1,
    has: (rank, l, r) => left[rank] === l && right[rank] === r,
    made: (rank) => made[rank]!,
  };
}
