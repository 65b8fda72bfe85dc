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

export function cursorTextAt({ uri, text }: DocumentView, cursor: number): CursorText {
  let start = Math.max(0, Math.floor((cursor - BEFORE) / STEP) * STEP);
  if (start > 0) start = text.indexOf("\n", start) + 1 || start;
  let end = Math.min(text.length, cursor + AFTER);
  if (end < text.length) end = text.lastIndexOf("\n", end) + 1 || end;
  const before = readPlainText(text.slice(start, cursor));
  const after = readPlainText(text.slice(cursor, Math.max(end, cursor)));
  const ends = before.text.includes("\n") ? before : after;
  return { uri, before: before.text, after: after.text, lineEnding: ends.lineEnding };
}

/** Closers that the editor inserts right of the cursor when the user types their openers. */
const CLOSERS = /^[)\]}>"'`]*/;
const COMPARED = 256; // characters after the cursor: enough to tell places apart

/**
 * The closing brackets that the editor added to `earlier` to give `after` (often empty); undefined if anything else has
 * changed.
 */
export function autoClosed(earlier: string, after: string): string | undefined {
  const closers = CLOSERS.exec(after)![0];
  for (let length = 0; length <= closers.length; length++)
    if (sameStart(after.slice(length, length + COMPARED), earlier)) return closers.slice(0, length);
  return undefined;
}

function sameStart(text: string, other: string): boolean {
  return text === other.slice(0, COMPARED);
}

/** What was typed from `earlier` to `now`; undefined where it is not typing forward at the same place. */
export function typedSince(earlier: CursorText, now: CursorText, limit: number): string | undefined {
  if (earlier.uri !== now.uri || autoClosed(earlier.after, now.after) === undefined) return undefined;
  const tail = earlier.before.slice(-TAIL);
  // The windows' starts may differ, so their ends are compared.
  for (let length = 0; length <= Math.min(limit, now.before.length); length++) {
    if (now.before.endsWith(tail, now.before.length - length))
      return now.before.slice(now.before.length - length);
  }
  return undefined;
}

/** Characters before a place that tell it from others. */
export const TAIL = 512;
