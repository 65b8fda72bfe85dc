import { type Token, tokensOf } from "../text/index.ts";
import { commonEnds } from "./changes.ts";
import type { Edit } from "./history.ts";

/** A part of an edit: tokens that gave way to others. */
export interface Replacement {
  readonly old: string;
  readonly fresh: string;
  /** Where `fresh` is in the document. */
  readonly start: number;
  readonly end: number;
}

// Tokens of both sides, multiplied: more is a text that was written anew.
const MAX_PAIRS = 20_000;

/**
 * What an edit replaced, by whole tokens: first all of it as one, then each run of tokens between those that stayed. Equal
 * tokens at both ends belong to none.
 */
export function replacementsOf(edit: Edit, before = edit.before): Replacement[] {
  if (!edit.stands) return [];
  const old = tokensOf(before);
  const fresh = tokensOf(edit.after);
  const pieceOf = ([oldFrom, oldTo, freshFrom, freshTo]: Run): Replacement => {
    const isHalf = oldFrom === oldTo || freshFrom === freshTo;
    // The white space that came or went with the tokens: up to the next one, else from the one before.
    const gap = isHalf && (oldTo < old.length && freshTo < fresh.length ? "after" : "before");
    const was = rangeOf(old, oldFrom, oldTo, gap);
    const is = rangeOf(fresh, freshFrom, freshTo, gap);
    return {
      old: before.slice(was.start, was.end),
      fresh: edit.after.slice(is.start, is.end),
      start: edit.start + is.start,
      end: edit.start + is.end,
    };
  };
  // All of it came or went: with the white space at its ends, which is what keeps it from its neighbours.
  if ((old.length === 0) !== (fresh.length === 0))
    return [{ old: before, fresh: edit.after, start: edit.start, end: edit.end }];
  const runs = differences(old, fresh);
  const whole: Run[] = runs.length > 1 ? [[runs[0]![0], runs.at(-1)![1], runs[0]![2], runs.at(-1)![3]]] : [];
  return [...whole, ...runs].map(pieceOf);
}

/** Tokens [from, to), with the white space after or before them. */
export function rangeOf(
  tokens: readonly Token[],
  from: number,
  to: number,
  gap: "after" | "before" | false,
): { start: number; end: number } {
  const previous = tokens[from - 1]?.end ?? 0;
  const start =
    to > from && gap !== "before" ? tokens[from]!.start : gap === "after" ? tokens[to]!.start : previous;
  const end = gap === "after" ? tokens[to]!.start : to > from ? tokens[to - 1]!.end : start;
  return { start, end };
}

/** Indexes of tokens: [from, to) of the old ones gave way to [from, to) of the new ones. */
type Run = readonly [oldFrom: number, oldTo: number, freshFrom: number, freshTo: number];

export function differences(old: readonly Token[], fresh: readonly Token[]): Run[] {
  const oldTexts = old.map(({ text }) => text);
  const freshTexts = fresh.map(({ text }) => text);
  const [head, tail] = commonEnds(oldTexts, freshTexts);
  const a = oldTexts.slice(head, oldTexts.length - tail);
  const b = freshTexts.slice(head, freshTexts.length - tail);
  if (a.length === 0 && b.length === 0) return [];
  if (a.length * b.length > MAX_PAIRS || a.length === 0 || b.length === 0)
    return [[head, head + a.length, head, head + b.length]];
  return runsBetween(a, b).map(([oldFrom, oldTo, freshFrom, freshTo]) => [
    oldFrom + head,
    oldTo + head,
    freshFrom + head,
    freshTo + head,
  ]);
}

/** By the longest common subsequence. */
function runsBetween(a: readonly string[], b: readonly string[]): Run[] {
  const common = commonLengths(a, b);
  const width = b.length + 1;
  const isSame = (i: number, j: number) => i < a.length && j < b.length && a[i] === b[j];
  const runs: Run[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const [oldFrom, freshFrom] = [i, j];
    while ((i < a.length || j < b.length) && !isSame(i, j)) {
      const skipsOld =
        i < a.length && (j === b.length || common[(i + 1) * width + j]! >= common[i * width + j + 1]!);
      if (skipsOld) i++;
      else j++;
    }
    if (i > oldFrom || j > freshFrom) runs.push([oldFrom, i, freshFrom, j]);
    for (; isSame(i, j); i++) j++;
  }
  return runs;
}

/** Of the ends a[i…] and b[j…], how many tokens their longest common subsequence has: at i · (b.length + 1) + j. */
function commonLengths(a: readonly string[], b: readonly string[]): Uint16Array {
  const width = b.length + 1;
  const common = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--) {
      const [skipOld, skipFresh] = [common[(i + 1) * width + j]!, common[i * width + j + 1]!];
      common[i * width + j] =
        a[i] === b[j] ? common[(i + 1) * width + j + 1]! + 1 : Math.max(skipOld, skipFresh);
    }
  return common;
}
