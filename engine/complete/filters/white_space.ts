import { indentation, isBlank, type Place } from "../text/index.ts";
import type { FilterHints } from "./hints.ts";

/** Tabs or spaces as the editor would insert them, where the whole of a line's indentation is the suggestion's. */
export function normaliseIndentation(
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
export function trimTrailingSpace(text: string, { head, rest }: Place): string {
  const trimmed = text.trimEnd();
  if (isBlank(rest) || !trimmed.includes("\n")) return trimmed;
  const indent = head.slice(0, head.length - head.trimStart().length);
  // If the suggestion ends with a closer, as in `{█)`, the rest continues there.
  return indentation(lastLine(trimmed)) === indentation(head) ? trimmed : `${trimmed}\n${indent}`;
}

function lastLine(text: string): string {
  return text.slice(text.lastIndexOf("\n") + 1);
}
