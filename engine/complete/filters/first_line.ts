import { columnsOf, isBlank, leadingWhite, type Place, pairBrackets } from "../text/index.ts";
import type { FilterHints } from "./hints.ts";
import { opensBlock, stepOf } from "./indentation_style.ts";
import { isMarkupLanguage, isProseLanguage, isYaml } from "./languages.ts";
import { literalAt, literalsByReading } from "./literals.ts";

const BLANK_LINES = 2; // in a row, as Python's style guide has them

/** Puts the suggestion's first line where the cursor is: no white space that is already there, no line of white space left behind. */
export function fitFirstLine(text: string, place: Place, hints: FilterHints): string {
  const { languageId } = hints;
  if (!/^\s/.test(text) || isProseLanguage(languageId) || languageId === "diff") return text;
  const begun = /^[ \t]*\n/.test(text) ? beginOnLine(text, place, hints) : text;
  const fitted =
    /^[ \t]/.test(begun) && !isMarkupLanguage(languageId) ? fitToLine(begun, place, hints) : begun;
  return fitted === text || isContent(text, fitted === begun, place, hints) ? text : fitted;
}

const fitToLine = (text: string, place: Place, hints: FilterHints): string =>
  isBlank(place.head) ? atLevel(text, place, hints) : afterSpace(text, place);

/** Whether the white space that the text begins with is a string's, or a comment's. */
function isContent(text: string, onlyBreaks: boolean, place: Place, hints: FilterHints): boolean {
  const literal =
    literalAt(text, 0, place, hints) ??
    literalsByReading(text, place, hints.languageId).find(({ start, end }) => start <= 0 && end > 0);
  // `// █` and ` a note`: the space behind the mark is there.
  if (literal?.kind === "comment" && AFTER_MARK.test(place.head) && /^ \S/.test(text)) return false;
  return literal !== undefined && !(literal.kind === "markup" && onlyBreaks);
}

/** A suggestion that begins with a line break. */
function beginOnLine(text: string, { above, head, rest }: Place, { tabSize = 4 }: FilterHints): string {
  const blank = /^(?:[ \t]*\n)+/.exec(text)![0];
  const breaks = blank.replace(/[ \t]/g, "");
  const written = text.slice(blank.length);
  if (!isBlank(head)) return breaks + written;
  if (!isBlank(rest)) return text;
  if (head === "") {
    const before = above.length - 1 - above.findLastIndex((line) => !isBlank(line));
    const atBlockStart = before === 0 && /[{([:]\s*$/.test(above.at(-1) ?? "");
    const room = above.length === before || atBlockStart ? 0 : Math.max(0, BLANK_LINES - before);
    return breaks.slice(0, room) + written;
  }
  // The cursor's line is indented for code: that begins here, or white space would stay behind.
  const white = leadingWhite(written);
  const more = columnsOf(white, tabSize) - columnsOf(head, tabSize);
  if (more < 0) return text;
  return (white.startsWith(head) ? white.slice(head.length) : " ".repeat(more)) + written.slice(white.length);
}

const AFTER_MARK = /(?:\/\/[/!]?|#|--|;|%|\/\*\*?|<!--|^\s*\*) $/;
const COMMENT = /^[ \t]*(?:\/\/|\/\*|#|--|;|%|\*)/;

/** After white space more of it is too much: `x = █`. Columns of a table and comments at the line's end have more. */
function afterSpace(text: string, { above, head, below }: Place): string {
  if (!/\S[ \t]$/.test(head) || COMMENT.test(text)) return text;
  const near = [...above.slice(-8), ...below.slice(0, 8)];
  const isTable = near.some((line) => /\S {2,}\S/.test(line));
  return isTable || isAlignedMark(text, head, [above.at(-1), below[0]]) ? text : text.trimStart();
}

/** Whether a line next to it has the same mark in the same column: the `=` of assignments one below the other. */
function isAlignedMark(text: string, head: string, neighbours: readonly (string | undefined)[]): boolean {
  const mark = text.trimStart()[0];
  const column = head.length + leadingWhite(text).length;
  return /[^\p{L}\p{N}]/u.test(mark ?? "a") && neighbours.some((line) => line?.[column] === mark);
}

/** Takes back what is too much of the first line's indentation: one space, or all that the cursor's line has already. */
function atLevel(text: string, place: Place, { languageId, tabSize = 4 }: FilterHints): string {
  const { head } = place;
  const extra = leadingWhite(text);
  const from = columnsOf(head, tabSize);
  if (extra === " " && isOwnLevel(place, from, tabSize) && startsStatement(text, languageId))
    return withFollowing(text.slice(1), from + 1, 1, tabSize);
  const to = columnsOf(head + extra, tabSize);
  const levels = levelsAt(place, from, languageId, tabSize);
  if (!levels || !startsStatement(text, languageId)) return text;
  if (levels.columns.includes(to) && !isRepeated(text, place, to, levels, tabSize)) return text;
  const level = levels.columns.includes(to)
    ? from
    : Math.max(...levels.columns.filter((column) => column <= to));
  // Where a block opens, only the cursor's own line tells how deep it is.
  if (level < from || (levels.deeper && level > from)) return text;
  // The line's indentation once more, as it is or in spaces, or one space more than that.
  const again = extra.includes("\t")
    ? extra.replace(/ $/, "") === head
    : [from, from + 1].includes(extra.length);
  const isTwice = head !== "" && again;
  const isError = languageId === "python" && !levels.deeper;
  if (to - level !== 1 && !isTwice && !isError) return text;
  const kept = extra.includes("\t") && level > from ? extra.trimEnd() : " ".repeat(level - from);
  return kept + withFollowing(text.slice(extra.length), to, to - level, tabSize);
}

/** Whether the model has written the cursor line's indentation once more, since what the first line opens is no deeper. */
function isRepeated(
  text: string,
  { head }: Place,
  to: number,
  { columns }: Levels,
  tabSize: number,
): boolean {
  if (head === "" || !text.startsWith(head) || !columns.includes(columnsOf(head, tabSize))) return false;
  const [first = "", ...others] = text.split("\n");
  const next = others.find((line) => !isBlank(line));
  return next !== undefined && opensBlock(first) && widthOf(next, tabSize) <= to;
}

/** The first line, and those after it moved along where they belong to a first line that is as far to the right. */
function withFollowing(text: string, from: number, by: number, tabSize: number): string {
  const [first = "", ...others] = text.split("\n");
  const next = others.find((line) => !isBlank(line));
  if (next === undefined) return text;
  const column = widthOf(next, tabSize);
  // One column may be lost where levels have two and more: what is an odd way off belongs to the line as it is now.
  const deeper = column > from && (by > 1 || (column - from) % 2 === 0);
  const belongs = opensBlock(first) ? deeper : column === from;
  if (!belongs || others.some((line) => line.startsWith("\t"))) return text;
  const moved = others.map((line) => (line.search(/\S/) >= from ? line.slice(by) : line));
  return [first, ...moved].join("\n");
}

/** Whether the cursor's line is deeper than the line above, and aligned with no bracket there: one space more is none of its level. */
function isOwnLevel({ above }: Place, from: number, tabSize: number): boolean {
  const previous = above.findLast((line) => !isBlank(line));
  if (previous === undefined || from <= widthOf(previous, tabSize)) return false;
  return /[([{]\s*$/.test(previous) || pairBrackets(previous).open.length === 0;
}

/** Closers, operators and `.method()` may be anywhere, and so may branches, but for Python's. */
const startsStatement = (text: string, languageId: string | undefined): boolean =>
  /^\s*(?:[\p{L}_$@"'`!~\d]|\.\.\.)/u.test(text) &&
  ((languageId === "python" && /^ (?:else|elif|except|finally)\b/.test(text)) ||
    !/^\s*(?:end|else|elif|elsif|except|finally|catch|case|default|when|where|and|or|in|of|deriving)\b/.test(
      text,
    ));

interface Levels {
  readonly columns: readonly number[];
  /** The line above opens a block: anything deeper is legal. */
  readonly deeper: boolean;
}

const OPENS_BLOCK = /[{:]\s*(?:#.*|\/\/.*)?$|\b(?:then|do|else|begin)\s*$/;
const CONTINUES = /[,\\=+\-*/&|<>(?[.]\s*$|^\s*(?:if|for|while|else|switch|with)\b[^;]*\)\s*$/;
const LINES = 24; // above: brackets that are open farther up are not looked for

/**
 * The columns at which a statement may begin: those of the line above and of the blocks around it, or a level deeper
 * where that opens one. Undefined inside brackets, and where the statement above continues.
 */
function levelsAt(
  { above }: Place,
  from: number,
  languageId: string | undefined,
  tabSize: number,
): Levels | undefined {
  const lines = above.filter((line) => !isBlank(line));
  const previous = lines.at(-1);
  if (previous === undefined) return { columns: [0], deeper: false };
  const opens = OPENS_BLOCK.test(previous);
  if (!opens && CONTINUES.test(previous)) return undefined;
  if (!opens && pairBrackets(lines.slice(-LINES).join("\n")).open.some((opener) => opener !== "{"))
    return undefined;
  const level = widthOf(previous, tabSize);
  // Where no other line tells, the cursor's own does: the editor has indented it.
  const own = from > level ? from - level : tabSize;
  const step = previous.startsWith("\t") ? tabSize : (stepOf(lines.slice(-LINES)) ?? own);
  if (isYaml(languageId)) return yamlLevels(lines, level, opens ? step : 0);
  return opens
    ? { columns: [level + step], deeper: true }
    : { columns: outwards(lines, level, tabSize), deeper: false };
}

function yamlLevels(lines: readonly string[], level: number, step: number): Levels {
  const item = /^\s*-\s/.test(lines.at(-1)!) ? [level + 2] : [];
  return { columns: [level + step, ...item, ...outwards(lines, level, 2)], deeper: step > 0 };
}

/** The column of a block's line, and those of the blocks around it. */
function outwards(lines: readonly string[], level: number, tabSize: number): number[] {
  const columns = [level];
  for (const line of lines.toReversed()) {
    const column = widthOf(line, tabSize);
    if (column < columns.at(-1)!) columns.push(column);
  }
  return columns;
}

const widthOf = (line: string, tabSize: number): number => columnsOf(leadingWhite(line), tabSize);
