import { readPlainText } from "../../text/index.ts";
import { smallest } from "../changes.ts";
import type { Proposed } from "../refusals.ts";
import { isInsideWord, wordsAround } from "../words.ts";
import type { AnswerHunk } from "./answer_hunks.ts";
import type { Lines, Window } from "./window.ts";

/**
 * A hunk of an answer as a change of the document, in its line ends. Lines are inserted after the line above them, and deleted with
 * the line end before them, where the window has a line there; of a line that is replaced, only the words that differ are.
 */
export function placeOf(lines: Lines, { first }: Window, { from, to, fresh }: AnswerHunk): Proposed {
  const { text, rows, starts } = lines;
  const { lineEnding } = readPlainText(text);
  const [row, next] = [first + from, first + to];
  const endOf = (at: number) => starts[at]! + rows[at]!.length;
  const place = (start: number, end: number, inserted: string): Proposed => ({
    start,
    end,
    old: text.slice(start, end),
    fresh: inserted,
  });
  const written = fresh.join(lineEnding);
  if (from === to)
    return from > 0
      ? place(endOf(row - 1), endOf(row - 1), lineEnding + written)
      : place(starts[row]!, starts[row]!, written + lineEnding);
  if (fresh.length === 0)
    return from > 0 || next >= rows.length
      ? place(from > 0 ? endOf(row - 1) : starts[row]!, endOf(next - 1), "")
      : place(starts[row]!, starts[next]!, "");
  const whole = place(starts[row]!, endOf(next - 1), written);
  return to - from === 1 ? narrowed(text, whole) : whole;
}

/**
 * What differs, out to the ends of the words that it would cut, in the old text or in the new one; to the line's end where
 * one line becomes several.
 */
function narrowed(text: string, { start, end, fresh }: Proposed): Proposed {
  const change = smallest(text, { offset: start, removed: end - start, inserted: fresh });
  const words = wordsAround(text, change);
  const last = change.offset + change.removed;
  const cuts = (at: number, inFresh: number) => isInsideWord(text, at) || isInsideWord(fresh, inFresh);
  const left = cuts(change.offset, change.offset - start) ? words.start : change.offset;
  const right = cuts(last, fresh.length - (end - last)) ? words.end : last;
  const from = onCharacter(text, Math.max(start, left), -1);
  const to = /[\r\n]/.test(fresh) ? end : onCharacter(text, Math.min(end, right), 1);
  const inserted = fresh.slice(from - start, fresh.length - (end - to));
  return { start: from, end: to, old: text.slice(from, to), fresh: inserted };
}

/** An offset that is not inside a surrogate pair. */
const onCharacter = (text: string, at: number, step: -1 | 1): number =>
  /^[\uDC00-\uDFFF]/.test(text.slice(at, at + 1)) && /[\uD800-\uDBFF]$/.test(text.slice(0, at).slice(-1))
    ? at + step
    : at;
