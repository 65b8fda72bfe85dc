import { headOf, type Selected, tailOf } from "./selected.ts";

// Letters and digits that lines in common must have: a lone bracket, or `else {`, is often equal by chance.
const TELLING = 6;

// What has a name is equal by no chance, however short it is: `def f():`, `impl A {`.
const NAMED =
  /^(?:[a-z]+\s+)*(?:class|def|enum|fn|fun|func|function|impl|interface|module|namespace|struct|trait|type)\s+[\p{L}_]/u;

const WORD = /[\p{L}\p{N}_]/u;

const telling = (lines: readonly string[]): boolean =>
  lines.some((line) => NAMED.test(line)) || (lines.join("").match(/[\p{L}\p{N}]/gu) ?? []).length >= TELLING;

const linesOf = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");

/**
 * A piece of code from outside of the selection that the new code begins or ends with, and the selection does not: the rest
 * of its first or last line, the lines above or below, or the whole file.
 */
export function repeatedSurroundings(code: string, selected: Selected): string | undefined {
  return repeatedLine(code, selected) ?? repeatedLines(code, selected);
}

function repeatedLine(code: string, selected: Selected): string | undefined {
  const head = headOf(selected).trim();
  const tail = tailOf(selected).trim();
  const [now, then] = [code.trim(), selected.text.trim()];
  if (WORD.test(head) && now.startsWith(head) && !then.startsWith(head)) return head;
  return WORD.test(tail) && now.endsWith(tail) && !then.endsWith(tail) ? tail : undefined;
}

function repeatedLines(code: string, selected: Selected): string | undefined {
  const { before, text, after } = selected;
  const above = linesOf(before.slice(0, before.length - headOf(selected).length)).reverse();
  const below = linesOf(after.slice(tailOf(selected).length));
  const own = linesOf(text);
  const lines = linesOf(code);
  const atStart = runThrough(lines, above, own);
  if (atStart !== undefined) return atStart;
  return runThrough(lines.toReversed(), below, own.toReversed());
}

/**
 * The line next to the selection, if `lines` begin with a part of the text that ends in it. `outside` begins with that
 * line, and leads away from the selection.
 */
function runThrough(
  lines: readonly string[],
  outside: readonly string[],
  own: readonly string[],
): string | undefined {
  for (let count = Math.min(lines.length, outside.length); count > 0; count--) {
    const run = outside.slice(0, count).reverse();
    if (!run.every((line, index) => line === lines[index]) || !telling(run)) continue;
    return run.every((line, index) => line === own[index]) ? undefined : run.at(-1)!;
  }
  return undefined;
}
