import { isBlank, type Place } from "../text/index.ts";
import { cutAtControlCharacter } from "./characters.ts";
import { cutSurplusCloser } from "./closers.ts";
import { cutDuplicates } from "./duplicates.ts";
import { cutEcho } from "./echo.ts";
import type { FilterHints } from "./hints.ts";
import { cutAtSentinel, cutProse } from "./leaks.ts";
import { cutRepetition } from "./loops.ts";
import { cutNextLines, dropPreviousLines } from "./near_copies.ts";
import { cutSuffixOverlap } from "./overlap.ts";
import { normaliseIndentation, trimTrailingSpace } from "./white_space.ts";

export type FilterId =
  | "sentinel"
  | "blank"
  | "control-characters"
  | "prose"
  | "echo"
  | "suffix-overlap"
  | "next-lines"
  | "repetition"
  | "duplicate"
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

// Text that does not belong to the file goes first, then what repeats the text before the cursor: the others read what is left. Closers are judged after the overlap, which knows more; white space goes last, because the others lay it bare.
const FILTERS: readonly (readonly [FilterId, Filter])[] = [
  ["sentinel", cutAtSentinel],
  ["blank", (text) => text],
  ["control-characters", cutAtControlCharacter],
  ["prose", cutProse],
  ["repetition", onOwnLine(cutRepetition)],
  ["echo", onOwnLine(cutEcho)],
  ["suffix-overlap", cutSuffixOverlap],
  ["next-lines", cutNextLines],
  ["surplus-closer", cutSurplusCloser],
  ["indentation", normaliseIndentation],
  ["previous-line", onOwnLine(dropPreviousLines)],
  ["duplicate", onOwnLine(cutDuplicates)],
  ["trailing-space", trimTrailingSpace],
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
