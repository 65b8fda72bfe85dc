import { UserError } from "../../errors/index.ts";

export type LineEnding = "\n" | "\r\n";

/** A file as prompts see it: `\n` line ends, no byte order mark. `lineEnding` is what the file itself uses. */
export interface PlainText {
  readonly text: string;
  readonly lineEnding: LineEnding;
}

/** Lines are those of VS Code: they end at `\r\n`, `\n` or a lone `\r`, and a file of mixed ends counts as what most lines use. */
export function readPlainText(raw: string): PlainText {
  const text = raw.startsWith("\uFEFF") ? raw.slice(1) : raw;
  if (!text.includes("\r")) return { text, lineEnding: "\n" };
  let breaks = 0;
  let withReturn = 0;
  const plain = text.replace(/\r\n?|\n/g, (found) => {
    breaks++;
    if (found !== "\n") withReturn++;
    return "\n";
  });
  return { text: plain, lineEnding: withReturn * 2 > breaks ? "\r\n" : "\n" };
}

export function withLineEnding(text: string, lineEnding: LineEnding): string {
  return lineEnding === "\n" ? text : text.replaceAll("\n", lineEnding);
}

/**
 * The offset of a place in `text` (`\n` line ends). Line and column count from 1, columns in UTF-16 code units;
 * the column after a line's last character is its end. Throws a UserError that names `path` if the place does not exist.
 */
export function offsetAt(text: string, path: string, line: number, column: number): number {
  const lines = text.split("\n");
  const here = lines[line - 1];
  if (here === undefined)
    throw new UserError({
      code: "usage",
      problem: `${path} has ${counted(lines.length, "line")}; there is no line ${line}`,
      advice: `choose one from 1 to ${lines.length}`,
      path,
    });
  if (!Number.isInteger(column) || column < 1 || column > here.length + 1)
    throw new UserError({
      code: "usage",
      problem: `Line ${line} of ${path} has ${counted(here.length, "character")}; there is no column ${column}`,
      advice: `choose one from 1 to ${here.length + 1}`,
      path,
    });
  if (isInsidePair(here, column - 1))
    throw new UserError({
      code: "usage",
      problem: `Column ${column} of line ${line} of ${path} is inside ${here.slice(column - 2, column)}, which takes 2 columns`,
      advice: `choose ${column - 1} or ${column + 1}`,
      path,
    });
  let offset = column - 1;
  for (let above = 0; above < line - 1; above++) offset += lines[above]!.length + 1;
  return offset;
}

/** Where the line of an offset begins. */
export const lineStartOf = (text: string, offset: number): number =>
  offset === 0 ? 0 : text.lastIndexOf("\n", offset - 1) + 1; // from -1 on it would look at 0

/** The line of an offset, from 0. */
export function lineOf(text: string, offset: number): number {
  let line = 0;
  for (let at = text.indexOf("\n"); at !== -1 && at < offset; at = text.indexOf("\n", at + 1)) line++;
  return line;
}

function isInsidePair(line: string, index: number): boolean {
  return /^[\uD800-\uDBFF][\uDC00-\uDFFF]$/.test(line.slice(Math.max(0, index - 1), index + 1));
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
