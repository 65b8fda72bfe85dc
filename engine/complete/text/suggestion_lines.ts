import { isBlank } from "./place.ts";

/** Lines of code with something of the suggestion on them: the whole line, and where the suggestion's part may be cut off. */
export function linesOf(text: string, head: string): { whole: string; start: number }[] {
  const lines: { whole: string; start: number }[] = [];
  let start = 0;
  for (const own of text.split("\n")) {
    const whole = (start === 0 ? head + own : own).trimEnd();
    // Cut before the line break, so that no empty line stays behind.
    if (!isBlank(own)) lines.push({ whole, start: Math.max(0, start - 1) });
    start += own.length + 1;
  }
  return lines;
}
