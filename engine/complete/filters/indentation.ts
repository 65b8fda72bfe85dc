import { columnsOf, isBlank, leadingWhite, type Place, pairBrackets } from "../text/index.ts";
import type { FilterHints } from "./hints.ts";
import { opensBlock, opensStatement, styleAround } from "./indentation_style.ts";
import { literalsByReading, literalsIn } from "./literals.ts";
import { recipesWithTabs } from "./makefile.ts";

/** A line of the suggestion. */
interface Row {
  /** The white space at its start; empty where the text before the cursor has that. */
  readonly white: string;
  /** All else, with the white space where it is not the suggestion's alone. */
  readonly rest: string;
  /** The line above it in the document, with what the suggestion has of it. */
  readonly previous: string;
  /** Where it starts in the suggestion. */
  readonly start: number;
}

/**
 * Indents as the lines around the cursor do: with tabs, or with spaces, wherever a line's indentation is the
 * suggestion's alone. What agrees with them stays as it is, an alignment with spaces after tabs too, and so does what is
 * in a string. The editor's option decides where no line around is indented.
 */
export function followIndentation(text: string, place: Place, hints: FilterHints): string {
  if (hints.languageId === "makefile") return recipesWithTabs(text, place);
  const rows = rowsOf(text, place);
  if (rows.every(({ white }) => white === "")) return text;
  const style = styleAround(
    place,
    hints,
    rows.map(({ white }) => white),
  );
  if (!style) return text;
  const isContent = stringReader(text, place, hints);
  const ofCode = rows.filter((row) => !isContent(row));
  const unit = style.tabs ? spacesOfTab(ofCode, place, style.unit) : style.unit;
  const moved = style.tabs ? 0 : missingColumns(ofCode, unit);
  const mended = new Map<string, string>();
  const whiteOf = (row: Row): string => {
    const { white } = row;
    if (white === leadingWhite(place.head)) return white; // as deep as the cursor's line
    const known = mended.get(white);
    if (known !== undefined) return known;
    if (!style.tabs) return white.includes("\t") ? " ".repeat(columnsOf(white, unit) + moved) : white;
    const level = levelOf(row);
    const isRight = level === undefined && isIndentedWithTabs(row, unit);
    const found = isRight ? white : (alignedWhite(row, unit) ?? tabbed(white, level ?? unit));
    mended.set(white, found);
    return found;
  };
  const changes = rows.map((row) => ({ row, white: whiteOf(row) }));
  if (changes.every(({ row, white }) => row.white === white)) return text;
  return changes.map(({ row, white }) => (isContent(row) ? row.white : white) + row.rest).join("\n");
}

/** Whether a line begins in a string: its white space is the string's. */
function stringReader(text: string, place: Place, hints: FilterHints): (row: Row) => boolean {
  // A parser finds no string where the text's end has cut it off.
  const literals = [...literalsIn(text, place, hints), ...literalsByReading(text, place, hints.languageId)];
  const strings = literals.filter(({ kind }) => kind === "string");
  return (row) => strings.some(({ start, end }) => start <= row.start && row.start < end);
}

function rowsOf(text: string, { above, head }: Place): Row[] {
  let start = 0;
  let previous = above.findLast((line) => !isBlank(line)) ?? "";
  return text.split("\n").map((line, index) => {
    const isWhole = index > 0 || head === "";
    const white = isWhole && !isBlank(line) ? leadingWhite(line) : "";
    const row = { white, rest: line.slice(white.length), previous, start };
    start += line.length + 1;
    const whole = index === 0 ? head + line : line;
    if (!isBlank(whole)) previous = whole;
    return row;
  });
}

/** The spaces of one level, where a block's first line has the tabs of the line above and then these. */
function levelOf({ white, previous }: Row): number | undefined {
  const tabs = leadingWhite(previous);
  const spaces = white.length - tabs.length;
  if (![2, 3, 4, 8].includes(spaces) || !/^\t+$/.test(tabs) || !opensBlock(previous)) return undefined;
  return white === tabs + " ".repeat(spaces) ? spaces : undefined;
}

function tabbed(white: string, unit: number): string {
  const columns = columnsOf(white, unit);
  return "\t".repeat(Math.floor(columns / unit)) + " ".repeat(columns % unit);
}

/** Tabs, then at most an alignment: not where a block begins, which is indented and not aligned. */
function isIndentedWithTabs({ white, previous }: Row, unit: number): boolean {
  if (!/^\t* *$/.test(white)) return false;
  const spaces = white.length - white.lastIndexOf("\t") - 1;
  return spaces < unit || (white.includes("\t") && !opensBlock(previous));
}

/** Spaces up to the column after a bracket of the line above: its tabs, then spaces; undefined where that is not what they are. */
function alignedWhite({ white, previous }: Row, unit: number): string | undefined {
  if (white.includes("\t") || opensBlock(previous)) return undefined;
  const tabs = /^\t*/.exec(previous)![0];
  const line = previous.slice(tabs.length);
  const spaces = white.length - tabs.length * unit;
  return spaces > 0 && isOpenBracket(line, spaces - 1) ? tabs + " ".repeat(spaces) : undefined;
}

/** Whether the line has at this column a bracket that it does not close. */
const isOpenBracket = (line: string, column: number): boolean =>
  /[([{]/.test(line[column] ?? "") && pairBrackets(line.slice(column)).open.length > 0;

/** Columns that a block's first line lacks where its tabs leave out what the line above has. */
function missingColumns(rows: readonly Row[], unit: number): number {
  const first = rows.find(({ white }) => white.includes("\t"));
  if (!first || !(opensBlock(first.previous) || opensStatement(first.previous))) return 0;
  const least = columnsOf(leadingWhite(first.previous), unit) + unit;
  return Math.max(0, least - columnsOf(first.white, unit));
}

/** How many spaces the model has written for each level: by how deep the first line must be, else by what fits all lines. */
function spacesOfTab(rows: readonly Row[], { head }: Place, usual: number): number {
  const spaced = rows.filter(({ white }) => /^ {2,}$/.test(white));
  const first = spaced[0];
  if (!first) return usual;
  // The line above may be the end of a string.
  const above = rows.slice(0, rows.indexOf(first)).findLast(({ rest }) => !isBlank(rest));
  const previous = above ? (above.start === 0 ? head : "") + above.white + above.rest : first.previous;
  const deeper = opensBlock(previous) || opensStatement(previous);
  const widths = spaced.map(({ white }) => white.length);
  const depth = /^\t*/.exec(previous || head)![0].length;
  // A tag opens a level, too: its end then tells that eight spaces are two.
  for (const levels of deeper ? [depth + 1] : [depth, depth + 1]) {
    const perLevel = levels > 0 ? first.white.length / levels : 0;
    if ([2, 3, 4, 8].includes(perLevel) && (deeper || widths.every((width) => width % perLevel <= 1)))
      return perLevel;
  }
  if (widths.every((width) => width % usual <= 1)) return usual;
  const common = widths.reduce(commonDivisor);
  return common >= 2 ? common : usual;
}

const commonDivisor = (a: number, b: number): number => (b === 0 ? a : commonDivisor(b, a % b));
