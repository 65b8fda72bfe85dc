import { readPlainText } from "../../text/index.ts";
import { smallest } from "../changes.ts";
import type { Proposed } from "../refusals.ts";
import { isInsideWord, wordsAround } from "../words.ts";
import { type AnswerHunk, offsetOfRow } from "./answer_hunks.ts";
import type { EditAnswer } from "./formats.ts";
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
 * Where the cursor goes once a hunk is made, if the model has put it into the hunk's lines: from the place's start, which may be
 * within the line that it is in.
 */
export function cursorAt(
  { text, starts }: Lines,
  { first }: Window,
  { row, from, to, fresh }: AnswerHunk,
  answer: EditAnswer,
  place: Proposed,
): number | undefined {
  if (answer.cursor === undefined) return undefined;
  const made = fresh.join("\n");
  const at = answer.cursor - offsetOfRow(answer.text, row);
  if (at < 0 || at > made.length || fresh.length === 0) return undefined;
  const { lineEnding } = readPlainText(text);
  const inserted = made.slice(0, at).replaceAll("\n", lineEnding).length;
  // Lines that are inserted come with the line end before them, where there is a line above.
  return from === to && from > 0
    ? lineEnding.length + inserted
    : inserted + starts[first + from]! - place.start;
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
