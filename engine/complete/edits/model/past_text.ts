import type { PastEdit } from "../hunks.ts";
import { type DiffRow, lineDiff } from "./line_diff.ts";
import { linesIn } from "./window.ts";

/** The lines of an edit, old and new, and of its context. */
export interface PastLines {
  readonly above: readonly string[];
  readonly old: readonly string[];
  readonly fresh: readonly string[];
  readonly below: readonly string[];
  /** From 1, of the first line above, or of the edit where there is none. */
  readonly number: number;
}

const withoutReturn = (line: string): string => line.replace(/\r$/, "");
const hunkLines = (text: string): string[] => linesIn(withoutReturn(text));

/** @param context lines that are shown beside it, at most 3 */
export function pastLines({ before, after, above, below, line }: PastEdit, context: number): PastLines {
  const shownAbove = above.slice(Math.max(0, above.length - context)).map(withoutReturn);
  return {
    above: shownAbove,
    old: hunkLines(before),
    fresh: hunkLines(after),
    below: below.slice(0, context).map(withoutReturn),
    number: line - shownAbove.length + 1,
  };
}

const CONTEXT = 3;

/** An edit as hunks of a unified diff with 3 lines of context, each line ended. */
export function unifiedDiff(edit: PastEdit): string {
  const { above, old, fresh, below, number } = pastLines(edit, CONTEXT);
  const rows = lineDiff([...above, ...old, ...below], [...above, ...fresh, ...below]);
  return groupsOf(rows)
    .map(([first, last]) => {
      const [from, to] = [Math.max(0, first - CONTEXT), Math.min(rows.length, last + CONTEXT + 1)];
      const range = (side: "-" | "+") => {
        const before = countOf(rows.slice(0, from), side);
        return `${side}${number + before},${countOf(rows.slice(from, to), side)}`;
      };
      const lines = rows.slice(from, to).map(({ sign, line }) => `${sign}${line}\n`);
      return `@@ ${range("-")} ${range("+")} @@\n${lines.join("")}`;
    })
    .join("");
}

/** Lines that one side has. */
const countOf = (rows: readonly DiffRow[], side: "-" | "+"): number =>
  rows.filter(({ sign }) => sign === " " || sign === side).length;

/** Indexes of the first and the last changed row of each hunk: those whose contexts touch are one. */
function groupsOf(rows: readonly DiffRow[]): [number, number][] {
  const groups: [number, number][] = [];
  for (const [index, { sign }] of rows.entries()) {
    const last = groups.at(-1);
    if (sign === " ") continue;
    if (last && index - last[1] - 1 <= 2 * CONTEXT) last[1] = index;
    else groups.push([index, index]);
  }
  return groups;
}
