import type { DocumentChange } from "../metrics/index.ts";

export type { DocumentChange };

/** How a document came to be changed. */
export type EditReason =
  | "typed"
  /** A suggestion of ours that the user took. */
  | "accepted"
  | "undo"
  | "redo"
  /** White space alone, in several places or in one that nobody types: a formatter. */
  | "format"
  /** Several places at once: several cursors, a rename of the language server, an agent. */
  | "bulk"
  /** The file was read again: git, or another program. */
  | "reload";

/** A stretch of a document as it is now, in UTF-16 units, and the text that it had. */
export interface Region {
  readonly start: number;
  readonly end: number;
  readonly before: string;
}

export const applyChange = (text: string, { offset, removed, inserted }: DocumentChange): string =>
  text.slice(0, offset) + inserted + text.slice(offset + removed);

/** The region that holds [from, to) of `text` too; what it grows by had the text that it has. */
export const grown = ({ start, end, before }: Region, text: string, from: number, to: number): Region => ({
  start: Math.min(start, from),
  end: Math.max(end, to),
  before: text.slice(Math.min(start, from), start) + before + text.slice(end, Math.max(end, to)),
});

/** The region after a change inside it. */
export const changedInside = (region: Region, { removed, inserted }: DocumentChange): Region => ({
  ...region,
  end: region.end + inserted.length - removed,
});

export const touches = (
  { start, end }: Pick<Region, "start" | "end">,
  { offset, removed }: Pick<DocumentChange, "offset" | "removed">,
): boolean => offset <= end && offset + removed >= start;

/** Whether two ranges share text, or begin at one place: an insertion has no length. */
export const meets = (a: Pick<Region, "start" | "end">, b: Pick<Region, "start" | "end">): boolean =>
  a.start === b.start || (a.start < b.end && a.end > b.start);

/** The range after a change outside it; undefined where the change reaches into it. Text inserted at an edge is outside. */
export function moved<R extends { readonly start: number; readonly end: number }>(
  range: R,
  { offset, removed, inserted }: DocumentChange,
): R | undefined {
  if (offset >= range.end) return range;
  if (offset + removed > range.start) return undefined;
  const shift = inserted.length - removed;
  return { ...range, start: range.start + shift, end: range.end + shift };
}

/** The smallest change that has the same effect. */
export function smallest(text: string, { offset, removed, inserted }: DocumentChange): DocumentChange {
  const old = text.slice(offset, offset + removed);
  const [head, tail] = commonEnds(old, inserted);
  return {
    offset: offset + head,
    removed: removed - head - tail,
    inserted: inserted.slice(head, inserted.length - tail),
  };
}

/** How many items two lists begin with, and how many of the others they end with. */
export function commonEnds<T>(a: ArrayLike<T>, b: ArrayLike<T>): [head: number, tail: number] {
  const most = Math.min(a.length, b.length);
  let head = 0;
  while (head < most && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < most - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  return [head, tail];
}
