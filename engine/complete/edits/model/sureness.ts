import type { EditDelta } from "../../../contract/index.ts";
import { exactly } from "../../text/index.ts";
import { commonEnds } from "../changes.ts";
import { type AnswerHunk, offsetOfRow } from "./answer_hunks.ts";
import type { EditAnswer } from "./formats.ts";

/** How sure a model was of what it changes. */
export interface Sureness {
  /** Mean natural logarithm of the probability, over the streamed pieces that have a part of the change. */
  readonly meanLogProbability: number;
  readonly characters: number;
}

/**
 * Of a hunk: the pieces from its first character that differs to the last one; where text only goes, the piece that comes instead.
 * Undefined where the answer is not what was written.
 * @param written in the pieces that were streamed
 * @param marks of the format, which are in what was written and not in the answer
 * @param rows of the window
 */
export function surenessOf(
  written: readonly EditDelta[],
  marks: readonly string[],
  { text, unwritten = 0 }: EditAnswer,
  { row, from, to, fresh }: AnswerHunk,
  rows: readonly string[],
): Sureness | undefined {
  const { clean, pieceAt } = withoutMarks(written, marks);
  const made = fresh.join("\n");
  const start = offsetOfRow(text, row) - unwritten;
  const lead = clean.indexOf(text.slice(unwritten, unwritten + start + made.length));
  if (lead === -1) return undefined;
  const [head, tail] = commonEnds(rows.slice(from, to).join("\n"), made);
  const first = lead + start + head;
  const last = Math.max(first + 1, lead + start + made.length - tail);
  const pieces = [...new Set(pieceAt.slice(first, last))];
  if (pieces.length === 0) return undefined;
  const sum = pieces.reduce((all, piece) => all + written[piece]!.logProbability, 0);
  return { meanLogProbability: sum / pieces.length, characters: last - first };
}

/** What was written as an answer has it, and of which piece each character is. */
function withoutMarks(written: readonly EditDelta[], marks: readonly string[]) {
  const whole = written.map(({ text }) => text).join("");
  const pieces = written.flatMap(({ text }, index) => Array<number>(text.length).fill(index));
  const kept: [from: number, to: number][] = [];
  let at = 0;
  for (const { 0: mark, index } of whole.matchAll(patternOf(marks))) {
    kept.push([at, index]);
    at = index + mark.length;
  }
  kept.push([at, whole.length]);
  return {
    clean: kept.map(([from, to]) => whole.slice(from, to)).join(""),
    pieceAt: kept.flatMap(([from, to]) => pieces.slice(from, to)),
  };
}

/** A mark that is cut off before its number has it behind itself. */
const patternOf = (marks: readonly string[]): RegExp => {
  const texts = marks.map((mark) => exactly(mark) + (mark.endsWith("_") ? "\\d+\\|>" : ""));
  return new RegExp([...texts, "\\r(?=\\n)"].join("|"), "g");
};
