import { atOnce, isBlank, type Pieces, type Place } from "../text/index.ts";
import { cleanCharacters } from "./characters.ts";
import { cutSurplusCloser } from "./closers.ts";
import { cutAtControlToken, withoutUnfinishedToken } from "./control_tokens.ts";
import { cutDuplicates } from "./duplicates.ts";
import { cutEcho } from "./echo.ts";
import { fitFirstLine } from "./first_line.ts";
import { dropHalfCharacter } from "./graphemes.ts";
import type { FilterHints } from "./hints.ts";
import { followIndentation } from "./indentation.ts";
import { literalsByReading } from "./literals.ts";
import { cutRepetition } from "./loops.ts";
import { cutNextLines, dropPreviousLines } from "./near_copies.ts";
import { cutSuffixOverlap } from "./overlap.ts";
import { cutProse } from "./prose.ts";
import { rehearseSentences } from "./sentences.ts";
import { trimTrailingSpace } from "./white_space.ts";

export type FilterId =
  | "control-characters"
  | "sentinel"
  | "blank"
  | "prose"
  | "first-line"
  | "echo"
  | "suffix-overlap"
  | "next-lines"
  | "repetition"
  | "duplicate"
  | "surplus-closer"
  | "indentation"
  | "previous-line"
  | "trailing-space"
  | "inside-character";

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
type Filter<Result = string> = (text: string, place: Place, hints: FilterHints) => Result;

// Text that does not belong to the file goes first. The first line is put in its place before others compare whole lines, and
// what repeats the text before the cursor goes before what follows it is looked at. Closers are judged after the overlap,
// which knows more; white space goes last, because the others lay it bare.
const FILTERS: readonly (readonly [FilterId, Filter<string | Pieces<string>>])[] = [
  ["control-characters", cleanCharacters],
  ["sentinel", cutAtControlToken],
  ["blank", (text) => text],
  ["prose", cutProse],
  ["first-line", fitFirstLine],
  ["repetition", onOwnLine(cutRepetition)],
  ["echo", onOwnLine(cutEcho)],
  ["suffix-overlap", cutSuffixOverlap],
  ["next-lines", cutNextLines],
  ["surplus-closer", cutSurplusCloser],
  ["indentation", followIndentation],
  ["previous-line", onOwnLine(dropPreviousLines)],
  ["duplicate", onOwnLine(cutDuplicates)],
  ["trailing-space", trimTrailingSpace],
  ["inside-character", dropHalfCharacter],
];

/** Where a suggestion begins with a line break, the cursor's line is the first of those above it. */
function onOwnLine(filter: Filter): Filter {
  return (text, place, hints) => {
    const breaks = /^(?:[^\S\n]*\n)+/.exec(text)?.[0] ?? "";
    if (breaks === "") return filter(text, place, hints);
    const left = filter(
      text.slice(breaks.length),
      { ...place, above: [...place.above, place.head], head: "" },
      hints,
    );
    return isBlank(left) ? "" : breaks + left;
  };
}

export const filterSuggestion = (text: string, place: Place, hints: FilterHints = {}): FilterOutcome =>
  atOnce(filterInPieces(text, place, hints));

/** The same in pieces: a filter, or a part of one that takes longer. */
export function* filterInPieces(text: string, place: Place, hints: FilterHints): Pieces<FilterOutcome> {
  const reports: FilterReport[] = [];
  let show = text;
  for (const [id, filter] of FILTERS) {
    const made = filter(show, place, hints);
    const after = typeof made === "string" ? made : yield* made;
    yield;
    if (isBlank(after) && (after !== show || id === "blank")) {
      reports.push({ id, before: show, after: null });
      return { drop: id, reports };
    }
    if (after !== show) reports.push({ id, before: show, after });
    show = after;
  }
  return { show, reports };
}

/** A text that still grows, as far as it may be looked at: without what a filter may yet find to be no text. */
export function presentable(text: string, place: Place, hints: FilterHints): string {
  const clean = cutAtControlToken(cleanCharacters(text, place, hints), place, hints);
  return withoutUnfinishedToken(clean, hints);
}

/** A place and a text that lead filters through what they do with most suggestions. */
const REHEARSED: readonly [text: string, place: Place, hints: FilterHints] = [
  "for (const item of items) {\n    total += item.price; // the sum\n  }\n  return total;\n}\n",
  {
    above: ['import { a } from "./b.ts";', "", "function sum(items) {", "  let total = 0;"],
    head: "  ",
    rest: "",
    below: ["}", "", 'console.log(sum(["c"]));'],
  },
  { languageId: "typescript", path: "rehearsal.ts", tabSize: 2, insertSpaces: true },
];

/** Runs each filter once, for nothing but its code to be compiled, and before them what takes longest to compile. */
export function* rehearseFilters(): Pieces<void> {
  yield* rehearseSentences();
  const [text, place, { languageId }] = REHEARSED;
  literalsByReading(text, place, languageId);
  yield;
  for (const [, filter] of FILTERS) {
    const made = filter(...REHEARSED);
    if (typeof made !== "string") yield* made;
    yield;
  }
}
