import type { DocumentView } from "../contract.ts";
import { type LineEnding, readPlainText } from "./position.ts";

/**
 * The text before and after a cursor, with `\n` line ends. Bounded, so that a keystroke's cost does not grow with the
 * file; text beyond the bounds would not fit a prompt.
 */
export interface CursorText {
  readonly uri: string;
  readonly before: string;
  readonly after: string;
  readonly lineEnding: LineEnding;
}

const BEFORE = 131_072; // characters: more than 32,768 tokens of code
const STEP = 32_768; // the window's start moves in steps of this size, so that most prompts share their beginning
const AFTER = 32_768;

/** What a suggestion may look at of a document: offsets of the first character and of the one after the last. */
export function windowAround(cursor: number): { readonly start: number; readonly end: number } {
  const start = Math.max(0, Math.floor((cursor - BEFORE) / STEP) * STEP);
  return { start, end: cursor + AFTER + 1 }; // the last one tells whether more text follows
}

/** A part of a document's text, by offsets of the document; of a part that the view lacks, nothing. */
export const textBetween = ({ text, start = 0 }: DocumentView, from: number, to: number): string =>
  text.slice(Math.max(0, from - start), Math.max(0, to - start));

export function cursorTextAt({ uri, text, start = 0 }: DocumentView, cursor: number): CursorText {
  const at = cursor - start;
  const { start: first } = windowAround(cursor);
  const before = readPlainText(text.slice(first === 0 ? 0 : lineIn(text, first - start, at), at));
  const after = readPlainText(text.slice(at, windowEnd(text, at)));
  const ends = before.text.includes("\n") ? before : after;
  return { uri, before: before.text, after: after.text, lineEnding: ends.lineEnding };
}

/** Where the first line begins at or after `start`; `start` itself within one that reaches to the cursor. */
function lineIn(text: string, start: number, cursor: number): number {
  const from = Math.max(0, start);
  return from + text.slice(from, cursor).indexOf("\n") + 1;
}

/** The end of a line, or within one that begins at the cursor or before it. */
function windowEnd(text: string, cursor: number): number {
  const end = cursor + AFTER;
  if (end >= text.length) return text.length;
  const lineBreak = text.slice(cursor, end).lastIndexOf("\n");
  return lineBreak === -1 ? end : cursor + lineBreak + 1;
}

/** Closers that the editor inserts right of the cursor when the user types their openers. */
const CLOSERS = /^[)\]}>"'`]*/;
/** Characters after a place that tell it from others. */
const COMPARED = 256;
/** Characters after a cursor that an answer depends on: the prompt's suffix, and whether the file ends with it. */
export const depthOf = ({ suffix }: { readonly suffix: string }): number =>
  Math.max(COMPARED, suffix.length + 1);
/** Characters before a place that tell it from others. */
export const TAIL = 512;

/**
 * The closing brackets that the editor added to `earlier` to give `after` (often empty); undefined if anything else has
 * changed in the first `depth` characters.
 */
export function autoClosed(earlier: string, after: string, depth = COMPARED): string | undefined {
  const closers = CLOSERS.exec(after)![0];
  for (let length = 0; length <= closers.length; length++)
    if (isSameAfter(earlier, after.slice(length), depth)) return closers.slice(0, length);
  return undefined;
}

/** Whether the windows after two cursors show the same text in their first `depth` characters. */
function isSameAfter(earlier: string, after: string, depth: number): boolean {
  const a = earlier.slice(0, depth);
  const b = after.slice(0, depth);
  if (a.length === b.length) return a === b;
  // The windows of a long file end at different places.
  const common = Math.min(a.length, b.length);
  return common >= AFTER / 2 && a.slice(0, common) === b.slice(0, common);
}

/** Whether the windows before two cursors show the same text. */
export function isSameBefore(earlier: string, before: string): boolean {
  if (earlier.length === before.length) return earlier === before;
  // The windows of a long file begin at different places.
  const common = Math.min(earlier.length, before.length);
  return common >= BEFORE - STEP && earlier.slice(-common) === before.slice(-common);
}

/** Whether a text of a known place is before the cursor: the place, and how much of `text` after it. The longest match wins. */
export function typedHead(
  text: string,
  before: string,
  isPlace: (before: string) => boolean,
): number | undefined {
  for (let typed = Math.min(text.length, before.length); typed >= 0; typed--) {
    if (typed > 0 && before[before.length - 1] !== text[typed - 1]) continue;
    const at = before.length - typed;
    if (before.startsWith(text.slice(0, typed), at) && isPlace(before.slice(0, at))) return typed;
  }
  return undefined;
}

/**
 * What was typed from `earlier` to `now`; undefined where it is not typing forward at the same place.
 * @param depth characters after the cursor that must be the same
 */
export function typedSince(
  earlier: CursorText,
  now: CursorText,
  limit: number,
  depth?: number,
): string | undefined {
  if (earlier.uri !== now.uri || autoClosed(earlier.after, now.after, depth) === undefined) return undefined;
  const tail = earlier.before.slice(-TAIL);
  for (let length = 0; length <= Math.min(limit, now.before.length); length++) {
    const at = now.before.length - length;
    if (now.before.endsWith(tail, at) && isSameBefore(earlier.before, now.before.slice(0, at)))
      return now.before.slice(at);
  }
  return undefined;
}
