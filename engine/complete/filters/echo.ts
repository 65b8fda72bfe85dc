import { headEchoEnd, isBlank, lineEchoFinder, linesOf, type Place, saysMuch } from "../text/index.ts";

/**
 * Cuts what the suggestion says again of the text before the cursor: the last lines above and the cursor's line, or the
 * cursor's line alone. `print(█` and `print('a')` give `'a')`.
 */
export function cutEcho(text: string, place: Place): string {
  const { head } = place;
  const end = lineEchoFinder(place)(`${text}\n`);
  if (end === "open") {
    const lines = linesOf(text, "").map((line) => line.whole);
    // On a line of its own, a copy of the lines above is the business of other filters.
    return isBlank(head) || !saysMuch(lines) ? text : "";
  }
  if (end > 0) return fitting(text, end, head);
  return text.slice(headEchoEnd(text, place));
}

/** What follows echoed lines; nothing if it is less deep than the cursor, where it would be in the wrong block. */
function fitting(text: string, end: number, head: string): string {
  const lineStart = text.lastIndexOf("\n", end - 1) + 1;
  return isBlank(head) && end - lineStart < head.length ? "" : text.slice(end);
}
