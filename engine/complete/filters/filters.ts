import { findQuote, indentation, isBlank, linesOf, type Place, pairBrackets } from "../text/index.ts";
import type { FilterHints } from "./hints.ts";
import { cutAtSentinel, cutProse } from "./leaks.ts";
import { cutNextLines, cutRepetition, dropRewrite } from "./lines.ts";

export type FilterId =
  | "sentinel"
  | "blank"
  | "control-characters"
  | "prose"
  | "suffix-overlap"
  | "next-lines"
  | "repetition"
  | "surplus-closer"
  | "indentation"
  | "previous-line"
  | "trailing-space";

/** One filter's work; filters that change nothing report nothing. `after` is null where it dropped the suggestion. */
export interface FilterReport {
  readonly id: FilterId;
  readonly before: string;
  readonly after: string | null;
}

export type FilterOutcome = ({ readonly show: string } | { readonly drop: FilterId }) & {
  readonly reports: readonly FilterReport[];
};

/** Returns the text or a part of it. If only white space is left, this filter counts as having dropped the suggestion. */
type Filter = (text: string, place: Place, hints: FilterHints) => string;

// Text that does not belong to the file goes first. Closers are judged after the overlap, which knows more; white space goes last, because the others lay it bare.
const FILTERS: readonly (readonly [FilterId, Filter])[] = [
  ["sentinel", cutAtSentinel],
  ["blank", (text) => text],
  ["control-characters", cutAtControlCharacter],
  ["prose", cutProse],
  ["suffix-overlap", cutSuffixOverlap],
  ["next-lines", cutNextLines],
  ["repetition", cutRepetition],
  ["surplus-closer", cutSurplusCloser],
  ["indentation", normaliseIndentation],
  ["previous-line", dropRewrite],
  ["trailing-space", trimTrailingSpace],
];

export function filterSuggestion(text: string, place: Place, hints: FilterHints = {}): FilterOutcome {
  const reports: FilterReport[] = [];
  let show = text;
  for (const [id, filter] of FILTERS) {
    const after = filter(show, place, hints);
    if (isBlank(after) && (after !== show || id === "blank")) {
      reports.push({ id, before: show, after: null });
      return { drop: id, reports };
    }
    if (after !== show) reports.push({ id, before: show, after });
    show = after;
  }
  return { show, reports };
}

// All but tab and line feed; U+FFFD is half a character; bidirectional marks make code read other than it runs.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the subject
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufffd]/;

/** The text before the first character that does not belong in source text. */
export function cutAtControlCharacter(text: string): string {
  const found = text.search(CONTROL);
  return found === -1 ? text : text.slice(0, found);
}

/** Drops the tail that the text after the cursor already has: on its line by characters, below it by lines. */
function cutSuffixOverlap(text: string, place: Place): string {
  return isBlank(place.rest) ? cutLinesBelow(text, place) : cutRestOfLine(text, place);
}

function cutRestOfLine(text: string, { head, rest, below }: Place): string {
  const suffix = [rest, ...below].join("\n").slice(0, text.length);
  for (let length = suffix.length; length > 0; length--) {
    const kept = text.slice(0, -length);
    if (!text.endsWith(suffix.slice(0, length)) || closesInside(kept, text)) continue;
    // A letter that two words share is chance.
    if (/\w$/.test(head + kept) && /^\w/.test(rest)) continue;
    return kept;
  }
  return text;
}

/** Whether brackets that `kept` opens are closed by the rest of `text`: `f(a)` does not overlap with `)`. */
function closesInside(kept: string, text: string): boolean {
  const surplus = (of: string) => pairBrackets(of).surplus.length;
  return surplus(kept) + surplus(text.slice(kept.length)) !== surplus(text);
}

function cutLinesBelow(text: string, { head, below }: Place): string {
  const lines = linesOf(text, head);
  const next = below.filter((line) => !isBlank(line));
  for (let count = Math.min(lines.length, next.length); count > 0; count--) {
    const tail = lines.slice(-count);
    if (tail.every((line, index) => line.whole === next[index]!.trimEnd()))
      return text.slice(0, tail[0]!.start);
  }
  return text;
}

/**
 * Cuts where the suggestion closes what is already closed after the cursor: `f(█)` and `a);` give `a`.
 * A quote after the cursor counts only where it ends a string.
 */
function cutSurplusCloser(text: string, { head, rest }: Place): string {
  const closer = rest.trimStart()[0];
  if (closer === undefined) return text;
  const at = /["'`]/.test(closer)
    ? insideString(head, closer)
      ? findQuote(text, closer, 0)
      : -1
    : (pairBrackets(text).surplus.find((offset) => text[offset] === closer) ?? -1);
  return at === -1 ? text : text.slice(0, at);
}

function insideString(head: string, quote: string): boolean {
  let inside = false;
  for (let at = findQuote(head, quote, 0); at !== -1; at = findQuote(head, quote, at + 1)) inside = !inside;
  return inside;
}

/** Tabs or spaces as the editor would insert them, where the whole of a line's indentation is the suggestion's. */
function normaliseIndentation(
  text: string,
  { head }: Place,
  { tabSize = 4, insertSpaces }: FilterHints,
): string {
  if (insertSpaces === undefined) return text;
  return text
    .split("\n")
    .map((line, index) => {
      if (index === 0 && head !== "") return line;
      const white = /^[ \t]*/.exec(line)![0];
      if (insertSpaces ? !white.includes("\t") : !white.includes(" ".repeat(tabSize))) return line;
      const columns = [...white].reduce((at, c) => (c === "\t" ? at + tabSize - (at % tabSize) : at + 1), 0);
      const mended = insertSpaces
        ? " ".repeat(columns)
        : "\t".repeat(Math.floor(columns / tabSize)) + " ".repeat(columns % tabSize);
      return mended + line.slice(white.length);
    })
    .join("\n");
}

/** Moves the text after the cursor to its own line if the suggestion has several lines: `{█}` is closed at `{`'s level. */
function trimTrailingSpace(text: string, { head, rest }: Place): string {
  const trimmed = text.trimEnd();
  if (isBlank(rest) || !trimmed.includes("\n")) return trimmed;
  const indent = head.slice(0, head.length - head.trimStart().length);
  // If the suggestion ends with a closer, as in `{█)`, the rest continues there.
  return indentation(lastLine(trimmed)) === indentation(head) ? trimmed : `${trimmed}\n${indent}`;
}

function lastLine(text: string): string {
  return text.slice(text.lastIndexOf("\n") + 1);
}
