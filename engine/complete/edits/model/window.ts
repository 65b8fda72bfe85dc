import { meets } from "../changes.ts";
import type { Hunk } from "../hunks.ts";

const LINE_END = /\r\n|\r|\n/g;

/** A document by its lines, as an editor counts them. `starts` has the offset of each. */
export interface Lines {
  readonly text: string;
  /** Without their ends. The empty line after a final line end is one only where the cursor is on it. */
  readonly rows: readonly string[];
  readonly starts: readonly number[];
  /** Whether the text ends with a line end after the last of `rows`. */
  readonly endsLine: boolean;
  /** Of the cursor: its line, and its place there. */
  readonly line: number;
  readonly column: number;
}

/** Lines [first, last) that a model may write anew; [start, end) of the document, without the last line's end. */
export interface Window {
  readonly first: number;
  readonly last: number;
  readonly start: number;
  readonly end: number;
  readonly rows: readonly string[];
  /** `rows`, with plain line ends. */
  readonly text: string;
}

/** A text's lines without their ends. */
export const linesIn = (text: string): string[] => text.split(/\r\n|\r|\n/);

/** A text with `\n` line ends. */
export const plain = (text: string): string => (text.includes("\r") ? text.replace(LINE_END, "\n") : text);

export function readLines(text: string, cursor: number): Lines {
  const rows = linesIn(text);
  const starts = [0, ...Array.from(text.matchAll(LINE_END), ({ 0: end, index }) => index + end.length)];
  const line = starts.findLastIndex((start) => start <= cursor);
  const endsLine = rows.length > 1 && rows.at(-1) === "" && line < rows.length - 1;
  if (endsLine) rows.pop();
  return { text, rows, starts, endsLine, line, column: Math.min(cursor - starts[line]!, rows[line]!.length) };
}

export function windowOf({ rows, starts }: Lines, first: number, last: number): Window {
  const taken = rows.slice(first, last);
  const end = starts[last - 1]! + taken.at(-1)!.length;
  return { first, last, start: starts[first]!, end, rows: taken, text: taken.join("\n") };
}

/** Lines of a document before a window and after it: neither changes while the user types inside. */
export interface WindowPlace {
  readonly linesBefore: number;
  readonly linesAfter: number;
}

export const windowPlace = ({ starts }: Lines, { first, last }: Window): WindowPlace => ({
  linesBefore: first,
  linesAfter: starts.length - last,
});

const RISES = 3; // lines that the cursor may be above where it was in the last window
const SINKS = 6; // … and below: who types goes down
const BELOW = { tokens: 130, lines: 4 }; // of a new window's lower part: each key runs it again, so it ends early where lines are dense, but not before

/**
 * The cursor's line with some above and below.
 * @param last window of this document: it stays while the cursor is near, so that prompts share what was before the edit. Lines that are
 * typed make it longer
 */
export function fixedWindow(lines: Lines, above: number, below: number, last?: WindowPlace): Window {
  const stays = last && stayingWindow(lines, above, below, last);
  if (stays) return stays;
  const { line, rows } = lines;
  const first = Math.max(0, line - above);
  let end = line + 1;
  for (let left = BELOW.tokens; end < Math.min(rows.length, first + above + 1 + below); end++) {
    left -= rowTokens(rows[end]!);
    if (left < 0 && end > line + BELOW.lines) break;
  }
  return windowOf(lines, first, end);
}

function stayingWindow(
  lines: Lines,
  above: number,
  below: number,
  { linesBefore, linesAfter }: WindowPlace,
): Window | undefined {
  const { line, rows, starts } = lines;
  const end = Math.min(starts.length - linesAfter, rows.length);
  const isInside = linesBefore <= line && line < end;
  const isNearTop = line - linesBefore < above - RISES && linesBefore > 0;
  const isNearEnd = line - linesBefore > above + SINKS || (end - line <= BELOW.lines && end < rows.length);
  const isGrown = end - linesBefore > above + 1 + below + SINKS;
  return isInside && !isNearTop && !isNearEnd && !isGrown ? windowOf(lines, linesBefore, end) : undefined;
}

const encoder = new TextEncoder();
const bytesOf = (text: string): number => encoder.encode(text).length;

/** Tokens that a text is taken for, as the trainers of these models did: no tokenizer is known here. */
export const aboutTokens = (text: string): number => Math.floor(bytesOf(text) / 3);

/** Of a line with its end. */
const rowTokens = (row: string): number => Math.ceil((bytesOf(row) + 1) / 3);

/** Whole lines around [first, last), above and below in turn, for as long as the next one fits into `tokens`. */
export function grownRange(
  { rows }: Lines,
  [first, last]: readonly [number, number],
  tokens: number,
): [number, number] {
  let left = tokens;
  const costOf = (row: string | undefined) => (row === undefined ? Number.POSITIVE_INFINITY : rowTokens(row));
  let from = first;
  let to = last;
  for (let up = true, down = true; up || down; ) {
    up &&= costOf(rows[from - 1]) <= left;
    if (up) left -= costOf(rows[--from]);
    down &&= costOf(rows[to]) <= left;
    if (down) left -= costOf(rows[to++]);
  }
  return [from, to];
}

/** The newest hunk of a document, where the window shows it: the edit that the user is at. */
export function openHunkOf(hunks: readonly Hunk[], { start, end }: Window): Hunk | undefined {
  const hunk = hunks.at(-1);
  return hunk?.stands && hunk.start <= end && hunk.end >= start ? hunk : undefined;
}

/** What the window was before a hunk, which is shown whole where the window has a part of it. */
export function mappedBack(text: string, { start, end }: Window, hunk: Hunk | undefined): string {
  if (!hunk) return plain(text.slice(start, end));
  const head = text.slice(start, Math.max(start, hunk.start));
  const tail = text.slice(Math.min(end, hunk.end), end);
  // A hunk has no last line end, but may have the first half of one.
  return plain(head + (tail === "" ? hunk.before.replace(/\r$/, "") : hunk.before + tail));
}

/** A document without its hunks that are still as they were made. */
export function beforeHunks(text: string, hunks: readonly Hunk[]): string {
  const taken: Hunk[] = [];
  for (const hunk of [...hunks].reverse()) {
    if (hunk.stands && !taken.some((one) => meets(one, hunk))) taken.push(hunk);
  }
  taken.sort((a, b) => b.start - a.start);
  return taken.reduce((now, { start, end, before }) => now.slice(0, start) + before + now.slice(end), text);
}
