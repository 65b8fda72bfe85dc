import { isBlank, linesOf, nearlyEqual, type Place } from "../text/index.ts";

const LOOK_BELOW = 3; // lines

/** Cuts where the suggestion repeats the lines below the cursor: one long line, or two lines in a row. */
export function cutNextLines(text: string, { head, below }: Place): string {
  const next = below.filter((line) => !isBlank(line)).slice(0, LOOK_BELOW);
  if (next.length === 0) return text;
  const lines = linesOf(text, head);
  for (const [index, { whole, start }] of lines.entries()) {
    const at = next.findIndex((line) => nearlyEqual(whole, line.trimEnd()));
    if (at === -1) continue;
    const following = lines[index + 1];
    const two =
      following && next[at + 1] !== undefined && nearlyEqual(following.whole, next[at + 1]!.trimEnd());
    // A lone bracket or `return;` often matches by chance; a whole statement does not.
    if (two || (at === 0 && whole.trim().length >= 12)) return index === 0 ? "" : text.slice(0, start);
  }
  return text;
}

const MAX_PERIOD = 4; // lines
const MAX_COPIES = 2; // of the same lines in a row, those above the cursor included

/** Drops a suggestion that only repeats the lines just above the cursor. */
function dropRepetition(text: string, { above, head }: Place): string {
  const earlier = above.filter((line) => !isBlank(line)).map((line) => line.trimEnd());
  const lines = linesOf(text, head).map((line) => line.whole);
  for (let period = 1; period <= Math.min(MAX_PERIOD, earlier.length); period++) {
    const unit = earlier.slice(-period);
    const repeats = lines.every((line, index) => {
      const expected = unit[index % period]!;
      // Only the last line may have been cut short by the token limit.
      return line === expected || (index === lines.length - 1 && expected.startsWith(line));
    });
    if (!repeats) continue;
    let copies = Math.floor(lines.filter((line, index) => line === unit[index % period]).length / period);
    if (copies === 0) continue;
    for (let end = earlier.length; end >= period; end -= period) {
      if (!unit.every((line, index) => earlier[end - period + index] === line)) break;
      copies++;
    }
    if (copies > MAX_COPIES) return "";
  }
  return text;
}

const LOOP_PERIOD = 10; // tokens
const LOOP_TOKENS = 30;

/** Drops what only repeats the lines above, and cuts loops: three equal lines, or a few tokens again and again. */
export function cutRepetition(text: string, place: Place): string {
  const fresh = dropRepetition(text, place);
  return fresh === "" ? fresh : cutTokenLoop(cutEqualLines(fresh, place));
}

/** Leaves two of three or more equal lines in a row. */
function cutEqualLines(text: string, { head }: Place): string {
  const lines = linesOf(text, head);
  for (let index = 2; index < lines.length; index++) {
    const { whole } = lines[index]!;
    if (!/\w/.test(whole)) continue; // closing brackets may well be equal
    if (whole === lines[index - 1]!.whole && whole === lines[index - 2]!.whole)
      return text.slice(0, lines[index]!.start);
  }
  return text;
}

/** A loop of at most 10 words and marks that fills the last 30 is cut after its first round. */
function cutTokenLoop(text: string): string {
  const tokens = [...text.matchAll(/\w+|[^\w\s]/g)];
  if (tokens.length < LOOP_TOKENS) return text;
  const last = tokens.slice(-LOOP_TOKENS).map(([token]) => token);
  for (let period = 1; period <= LOOP_PERIOD; period++) {
    if (!last.every((token, index) => index < period || token === last[index - period])) continue;
    if (!last.slice(0, period).some((token) => /\w/.test(token))) continue; // a ruler: -----
    let from = tokens.length - LOOP_TOKENS;
    while (from > 0 && tokens[from - 1]![0] === tokens[from - 1 + period]![0]) from--;
    const second = tokens[from + period]!;
    return text.slice(0, second.index).trimEnd();
  }
  return text;
}

const LOOK_ABOVE = 2; // lines

/** Drops a single line that says the line above again, give or take a typo. */
export function dropRewrite(text: string, { head, above }: Place): string {
  if (text.trim().includes("\n")) return text;
  const whole = (head + text).trimEnd();
  if (whole.trim().length < 8) return text;
  const previous = above.filter((line) => !isBlank(line)).slice(-LOOK_ABOVE);
  return previous.some((line, index) => index === previous.length - 1 && nearlyEqual(whole, line.trimEnd()))
    ? ""
    : text;
}
