import {
  copiesLine,
  hasName,
  indentation,
  isBlank,
  isStructural,
  linesOf,
  lineTokens,
  type Place,
  pairBrackets,
  sameLine,
  saysMuch,
  tokensOf,
} from "../text/index.ts";

type SuggestionLine = ReturnType<typeof linesOf>[number];

/** Drops the tail that the lines below the cursor already have, whole lines or the beginning of one. */
export function cutLinesBelow(text: string, place: Place): string {
  if (!isBlank(place.rest)) return text;
  const from = copyOfLinesBelow(text, place);
  // What is left may end with the same lines.
  return from === undefined ? text : cutLinesBelow(text.slice(0, from), place);
}

/** Where the longest tail begins that is a copy of the lines below. */
function copyOfLinesBelow(text: string, { head, below }: Place): number | undefined {
  const lines = linesOf(text, head);
  const next = below.filter((line) => !isBlank(line)).slice(0, lines.length);
  for (let count = next.length; count > 0; count--) {
    const tail = lines.slice(-count).map((line) => line.whole);
    const { start, whole } = lines[lines.length - count]!;
    if (start === 0 && isTyped(head, whole)) continue;
    const copied = tail.every((line, index) => {
      const mayBeCutOff = index === count - 1 && saysMuch(tail);
      return copiesLine(line, next[index]!) || (mayBeCutOff && isBeginning(line, next[index]!));
    });
    if (copied && !tail.every(isRow) && !closesInside(text, start)) return start;
  }
  return undefined;
}

const TYPED = 8; // tokens

/** Whether the user has typed most of a line: then the user, not the model, says it again. */
function isTyped(head: string, whole: string): boolean {
  const typed = head.trim().length;
  return typed > whole.trim().length / 2 && lineTokens(head).length >= TYPED;
}

/** A line without names that closes nothing, as `//`, `-----` and `0, 0, 0,`: neighbours have many of the same. */
const isRow = (line: string): boolean => !hasName(line) && (/\d/.test(line) || !/[()[\]{}]/.test(line));

/** Whether a line that was cut off by the token limit begins the line below. */
function isBeginning(line: string, below: string): boolean {
  const tokens = tokensOf(line);
  const others = tokensOf(below);
  return (
    indentation(line) === indentation(below) &&
    tokens.length < others.length &&
    tokens.every(({ text }, index) => text === others[index]!.text)
  );
}

/** Whether the text from an offset closes brackets that the text before it opens: the tail is then no copy. */
function closesInside(text: string, from: number): boolean {
  const surplus = (of: string) => pairBrackets(of).surplus.length;
  return surplus(text.slice(0, from)) + surplus(text.slice(from)) !== surplus(text);
}

const LOOK_BELOW = 3; // lines

/**
 * Cuts where the suggestion continues with the lines below the cursor: the next one, if it says much, or two in a row. What
 * follows in the suggestion would say again what the user has.
 */
export function cutNextLines(text: string, place: Place): string {
  const { head, below } = place;
  const following = below.filter((line) => !isBlank(line));
  const next = following.slice(0, LOOK_BELOW);
  const lines = linesOf(text, head);
  const from = isTyped(head, lines[0]!.whole) ? 1 : 0;
  const at = lines.findIndex(
    (_, index) =>
      index >= from && isCopyOfNext(lines, index, next) && !isAnotherBody(lines.slice(index), following),
  );
  if (at === -1 || closesInside(text, lines[at]!.start)) return text;
  return at === 0 ? "" : cutLinesBelow(text.slice(0, lines[at]!.start), place); // which may end with a copy as well
}

/** Whether a block that begins with a lone bracket differs further down: the body of another function that checks the same first. */
function isAnotherBody(lines: readonly SuggestionLine[], below: readonly string[]): boolean {
  if (!/^\s*\{\s*$/.test(lines[0]!.whole)) return false;
  const depth = indentation(lines[0]!.whole);
  for (const [index, { whole }] of lines.entries()) {
    const other = below[index];
    if (other === undefined) return false;
    if (!copiesLine(whole, other)) return !(index === lines.length - 1 && isBeginning(whole, other));
    if (index > 0 && indentation(whole) <= depth) return false;
  }
  return false;
}

function isCopyOfNext(lines: readonly SuggestionLine[], index: number, next: readonly string[]): boolean {
  const { whole } = lines[index]!;
  const [following, third] = lines.slice(index + 1, index + 3).map((line) => line.whole);
  return next.some((line, at) => {
    // What is deeper than the suggestion is not its neighbour.
    if (!copiesLine(whole, line) || indentation(line) > indentation(lines[0]!.whole)) return false;
    if (at === 0 && isStatement(whole)) return true;
    const after = next[at + 1];
    if (after === undefined || following === undefined || !copiesLine(following, after)) return false;
    // Parameters and comments of neighbours are often the same, a line or two below where they begin.
    if (at > 0) return isStatement(whole) && isStatement(following);
    // So is the first thing in a list's entries: what tells them apart comes below it.
    const last = next[2];
    return isStatement(following) && (last === undefined || third === undefined || copiesLine(third, last));
  });
}

const isStatement = (line: string): boolean => !isStructural(line) && saysMuch([line]);

const LOOK_ABOVE = 24; // lines

/** Drops a suggestion that says the last lines above the cursor again, and nothing more. */
export function dropPreviousLines(text: string, { head, above }: Place): string {
  const lines = linesOf(text, head).map((line) => line.whole);
  const earlier = above.filter((line) => !isBlank(line)).slice(-LOOK_ABOVE);
  if (lines.length > earlier.length || !saysMuch(lines)) return text;
  if (lines.length === 1 && (isStructural(lines[0]!) || isTyped(head, lines[0]!))) return text;
  const previous = earlier.slice(-lines.length);
  return lines.every((line, index) => isTwin(line, previous[index]!)) ? "" : text;
}

/** The same line at the same depth: `return false;` in a block and after it are two. */
const isTwin = (line: string, other: string): boolean =>
  indentation(line) === indentation(other) && sameLine(line, other);
