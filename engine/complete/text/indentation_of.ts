import builtIn from "./languages.json" with { type: "json" };
import { leadingWhite } from "./place.ts";

export interface Indentation {
  readonly tabSize: number;
  readonly insertSpaces: boolean;
}

const LANGUAGES: Readonly<Record<string, Partial<Indentation>>> = builtIn.indentation;
const LINES = 10_000; // that an editor looks at
const TAB_SIZES = [2, 4, 6, 8, 3, 5, 7]; // the likelier first: a later one must occur more often

/**
 * How a file is indented, as VS Code detects it: tabs or spaces by what more lines begin with, the width by how far
 * neighbouring lines differ. What the text does not show is the language's default.
 */
export function indentationOf(text: string, languageId = ""): Indentation {
  const usual = { tabSize: 4, insertSpaces: true, ...LANGUAGES[languageId] };
  const lines = text.split(/\r\n?|\n/, LINES).filter((line) => line.trim() !== "");
  const whites = lines.map(leadingWhite);
  const tabbed = whites.filter((white) => white.includes("\t")).length;
  const spaced = whites.filter((white) => white.length > 1 && !white.includes("\t")).length;
  const insertSpaces = tabbed === spaced ? usual.insertSpaces : tabbed < spaced;

  const counts = new Array<number>(9).fill(0); // by width
  for (let index = 1; index < lines.length; index++) {
    const width = step(whites[index - 1]!, whites[index]!);
    const aligned = lines[index - 1]!.endsWith(",") && isUnder(lines[index - 1]!, whites[index]!);
    if (width !== undefined && width < counts.length && (!aligned || width === usual.tabSize))
      counts[width]!++;
  }
  let tabSize = usual.tabSize;
  let most = insertSpaces ? 0 : 0.1 * lines.length;
  for (const size of TAB_SIZES)
    if (counts[size]! > most) {
      most = counts[size]!;
      tabSize = size;
    }
  // Where two levels end at once, lines differ by 4 in a file of 2.
  if (tabSize === 4 && counts[4]! > 0 && counts[2]! > 0 && counts[2]! >= counts[4]! / 2) tabSize = 2;
  return { tabSize, insertSpaces };
}

/** By how many spaces, or spaces for a tab, two lines differ; undefined if they mix both. */
function step(one: string, other: string): number | undefined {
  let common = 0;
  while (common < one.length && one[common] === other[common]) common++;
  const [a, b] = [one.slice(common), other.slice(common)];
  if (/ /.test(a) === /\t/.test(a) && a !== "") return undefined;
  if (/ /.test(b) === /\t/.test(b) && b !== "") return undefined;
  const count = (white: string, what: string) => white.split(what).length - 1;
  const tabs = Math.abs(count(a, "\t") - count(b, "\t"));
  const spaces = Math.abs(count(a, " ") - count(b, " "));
  if (tabs === 0) return spaces;
  return spaces % tabs === 0 ? spaces / tabs : undefined;
}

/** Whether a line begins below a word of the line above, as arguments are aligned. */
const isUnder = (above: string, white: string): boolean =>
  white.length > 0 && above[white.length - 1] === " " && /\S/.test(above[white.length] ?? "");
