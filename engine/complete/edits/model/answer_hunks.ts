import { commonEnds } from "../changes.ts";
import type { EditAnswer } from "./formats.ts";

/** Rows [from, to) of a window, and those that a model has written in their place. */
export interface AnswerHunk {
  readonly from: number;
  readonly to: number;
  readonly fresh: readonly string[];
  /** Of the answer's rows, the one that `fresh` begins with. */
  readonly row: number;
  /** It reaches to the window's end: no line after it agrees. */
  readonly isAtEnd: boolean;
}

/** Where a row of a text begins. */
export const offsetOfRow = (text: string, row: number): number =>
  text.split("\n", row).reduce((sum, line) => sum + line.length + 1, 0);

const AGREE = 3; // rows after a change that are the window's again
const SAY = 2; // … of which so many say something: brackets and blank lines are everywhere

const saysSomething = (row: string): boolean => /[\p{L}\p{N}]/u.test(row);

/**
 * In what an answer differs from the window, from its top, as far as that is certain: a change is over once three lines agree
 * again, or once the answer is whole. The hunks of an answer that still grows are the first ones of the whole answer.
 * Blank lines at the end come and go in answers, and are no change.
 */
export function editsOf(rows: readonly string[], { text, isWhole }: EditAnswer): AnswerHunk[] {
  const fresh = text.split("\n");
  if (isWhole && !fresh.some((row) => row.trim() !== "")) return []; // no answer, rather than nothing in the window's place
  if (isWhole) endAlike(fresh, rows);
  else fresh.pop(); // its last row may go on
  const hunks: AnswerHunk[] = [];
  let old = 0;
  let at = 0;
  for (;;) {
    while (at < fresh.length && old < rows.length && fresh[at] === rows[old]) {
      at++;
      old++;
    }
    if (at === fresh.length && (old === rows.length || !isWhole)) return hunks;
    const next = agreement(rows, old, fresh, at);
    if (!next) break;
    hunks.push({ from: old, to: next.old, fresh: fresh.slice(at, next.at), row: at, isAtEnd: false });
    old = next.old;
    at = next.at;
  }
  if (!isWhole) return hunks;
  const [, tail] = commonEnds(rows.slice(old), fresh.slice(at));
  const to = rows.length - tail;
  const isAtEnd = !rows.slice(to).some(saysSomething);
  return [...hunks, { from: old, to, fresh: fresh.slice(at, fresh.length - tail), row: at, isAtEnd }];
}

/** Ends a list with as many empty rows as another one. */
function endAlike(fresh: string[], rows: readonly string[]): void {
  while (fresh.at(-1) === "") fresh.pop();
  for (let row = rows.length - 1; rows[row] === ""; row--) fresh.push("");
}

/** Where two lists agree again after a difference: the first place in the new one, and there the nearest in the old one. */
function agreement(
  rows: readonly string[],
  from: number,
  fresh: readonly string[],
  at: number,
): { readonly old: number; readonly at: number } | undefined {
  for (let next = at; next < fresh.length; next++)
    for (let old = from; old < rows.length; old++) {
      const agrees = agreesFrom(rows, old, fresh, next);
      if (agrees === true) return { old, at: next };
      if (agrees === "so far") return undefined;
    }
  return undefined;
}

function agreesFrom(
  rows: readonly string[],
  old: number,
  fresh: readonly string[],
  next: number,
): boolean | "so far" {
  let say = 0;
  for (let count = 0; ; count++) {
    if (count >= AGREE && say >= SAY) return true;
    const row = fresh[next + count];
    if (row === undefined) return "so far";
    if (row !== rows[old + count]) return false;
    if (saysSomething(row)) say++;
  }
}
