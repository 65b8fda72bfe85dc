import type { Tokenizer } from "./tokenizer.ts";

/** The tokens of a prompt's middle: the head that the user types and accepts, and what the model wrote after it. */
export interface Middle {
  readonly ids: readonly number[];
  /** By id: whether the model sampled it. These tokens are kept as they are when their text is accepted. */
  readonly drawn: readonly boolean[];
  /** Of `ids`, how many belong to the prompt as it was read when the anchor was set; more follow one by one. */
  readonly base: number;
}

export interface TypedMiddle extends Middle {
  /** Bytes after `ids` whose tokens the next key may still change; never within a character. */
  readonly unsettled: Uint8Array;
}

const utf8 = new TextEncoder();

/**
 * The tokens of a middle's text, with as many of the last one's as agree with it. The ids' bytes and `unsettled` are the
 * text's bytes. If even the base has changed, it becomes the text before the last line: users mostly delete within their
 * line.
 * @param mostUnsettled bytes; of a longer last word (base64, a line of Chinese) the head counts as settled. Default: any.
 */
export function middleTokens(
  tokenizer: Tokenizer,
  text: string,
  last?: Middle,
  mostUnsettled = Number.POSITIVE_INFINITY,
): TypedMiddle {
  const bytes = utf8.encode(text);
  const settled = text.slice(0, settledLength(tokenizer, text, mostUnsettled));
  const settledBytes = utf8.encode(settled).length;
  const ends = last ? agreeingEnds(tokenizer, bytes, last.ids) : [];

  // The model sampled all of it, and so decided where its last word ends.
  const kept = ends.length;
  if (last && kept >= last.base && kept > 0 && ends[kept - 1] === bytes.length && last.drawn[kept - 1])
    return { ...head(last, kept), unsettled: new Uint8Array(0) };

  const fresh = tokenizer.encode(settled, { special: false });
  if (last) {
    const join = lastCommonEnd(tokenizer, fresh, ends, settledBytes);
    if (join.kept >= last.base) {
      const more = fresh.slice(join.fresh);
      return {
        ids: [...last.ids.slice(0, join.kept), ...more],
        drawn: [...last.drawn.slice(0, join.kept), ...more.map(() => false)],
        base: last.base,
        unsettled: bytes.subarray(settledBytes),
      };
    }
  }
  const above = text.slice(0, text.lastIndexOf("\n") + 1);
  const aboveSettled = above.slice(0, tokenizer.settledLength(above));
  return {
    ids: fresh,
    drawn: fresh.map(() => false),
    base: tokenizer.encode(aboveSettled, { special: false }).length,
    unsettled: bytes.subarray(settledBytes),
  };
}

/**
 * Length of the text whose tokens stay. A last word of more than `most` bytes is settled in steps of half of that, so that
 * most keys append nothing to what is settled.
 */
function settledLength(tokenizer: Tokenizer, text: string, most: number): number {
  const settled = tokenizer.settledLength(text);
  const open = text.slice(settled);
  const size = utf8.encode(open).length;
  if (size <= most) return settled;
  const step = Math.max(1, most >> 1);
  const wanted = Math.floor((size - step) / step) * step;
  let length = 0;
  let taken = 0;
  for (const character of open) {
    taken += utf8.encode(character).length;
    if (taken > wanted) break;
    length += character.length;
  }
  return settled + length;
}

const head = ({ ids, drawn, base }: Middle, length: number): Middle => ({
  ids: ids.slice(0, length),
  drawn: drawn.slice(0, length),
  base,
});

/** Where in `bytes` each of the ids ends, as far as they spell them. */
function agreeingEnds(tokenizer: Tokenizer, bytes: Uint8Array, ids: readonly number[]): number[] {
  const ends: number[] = [];
  let at = 0;
  for (const id of ids) {
    const own = tokenizer.bytes(id);
    if (own.length === 0 || at + own.length > bytes.length) break;
    if (!own.every((byte, i) => byte === bytes[at + i])) break;
    at += own.length;
    ends.push(at);
  }
  return ends;
}

/** The last place where a token of both ends, not after `limit`: how many tokens each has before it. */
function lastCommonEnd(
  tokenizer: Tokenizer,
  fresh: readonly number[],
  ends: readonly number[],
  limit: number,
): { kept: number; fresh: number } {
  let found = { kept: 0, fresh: 0 };
  let kept = 0;
  let at = 0;
  for (const [i, id] of fresh.entries()) {
    at += tokenizer.bytes(id).length;
    while (kept < ends.length && ends[kept]! < at) kept++;
    if (kept < ends.length && ends[kept] === at && at <= limit) found = { kept: kept + 1, fresh: i + 1 };
  }
  return found;
}
