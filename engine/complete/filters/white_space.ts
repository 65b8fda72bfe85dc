import { indentation, isBlank, type Place } from "../text/index.ts";

/** Moves the text after the cursor to its own line if the suggestion has several lines: `{█}` is closed at `{`'s level. */
export function trimTrailingSpace(text: string, { head, rest }: Place): string {
  const trimmed = text.trimEnd();
  if (isBlank(rest)) return trimmed;
  // White space before what follows on the line is what the model has written between them: `{ a: 1 }`, `"from "`.
  if (!trimmed.includes("\n")) return /^\s/.test(rest) ? trimmed : text;
  const indent = head.slice(0, head.length - head.trimStart().length);
  // If the suggestion ends with a closer, as in `{█)`, the rest continues there.
  return indentation(lastLine(trimmed)) === indentation(head) ? trimmed : `${trimmed}\n${indent}`;
}

function lastLine(text: string): string {
  return text.slice(text.lastIndexOf("\n") + 1);
}
