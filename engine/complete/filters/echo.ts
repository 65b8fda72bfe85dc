import {
  closersFor,
  headEchoEnd,
  isBlank,
  lineEchoFinder,
  lineStartOf,
  linesOf,
  type Place,
  pairBrackets,
  runEchoEnd,
  sameLine,
  saysMuch,
} from "../text/index.ts";
import type { FilterHints } from "./hints.ts";

/**
 * Cuts what the suggestion says again of the text before the cursor: the last lines above and the cursor's line, or the
 * cursor's line alone. `print(█` and `print('a')` give `'a')`. Prompts name the file: its name is cut, too.
 */
export function cutEcho(text: string, place: Place, hints: FilterHints): string {
  let fresh = text;
  for (let round = 0; round < ROUNDS; round++) {
    const cut = cutOneEcho(fresh, place, hints);
    if (cut === fresh) break;
    fresh = cut;
  }
  return fresh;
}

const ROUNDS = 3; // more are a loop

function cutOneEcho(text: string, place: Place, { path, languageId }: FilterHints): string {
  const { head } = place;
  const named = endOfFileName(text, place, path);
  if (named > 0)
    return text
      .slice(named)
      .replace(/^\s*\n/, "")
      .trimStart();
  const end = lineEchoFinder(place)(`${text}\n`);
  // On a line of its own, a copy of the lines above is the business of other filters.
  if (end === "open" && isBlank(head)) return text;
  if (end === "open" && saysLastLines(text, place) && !closesHead(text, place)) return "";
  if (end !== "open" && end > 0)
    return saysRules(text.slice(0, end), languageId) ? text : fitting(text, end, head);
  return text.slice(runEchoEnd(text, place) || headEchoEnd(text, place));
}

function saysLastLines(text: string, { above }: Place): boolean {
  const lines = linesOf(text, "").map((line) => line.whole);
  const previous = above.filter((line) => !isBlank(line)).slice(-lines.length);
  return saysMuch(lines) && lines.every((line, index) => sameLine(line, previous[index] ?? ""));
}

/** Whether the text closes first what the cursor's line has left open, and what follows the cursor closes: it is in its place. */
function closesHead(text: string, { head, rest }: Place): boolean {
  const opened = closersFor(pairBrackets(head).open)[0];
  const [closer] = pairBrackets(text).surplus;
  return opened !== undefined && closer !== undefined && text[closer] === opened && rest.startsWith(opened);
}

/** Whether it has rules of a style sheet, which may well say the same twice: another selector or query makes them others. */
const saysRules = (text: string, languageId = ""): boolean =>
  /^(?:css|scss|less|sass|stylus|postcss)$/.test(languageId) && text.includes("{");

/** What follows echoed lines; nothing if it is less deep than the cursor, where it would be in the wrong block. */
function fitting(text: string, end: number, head: string): string {
  return isBlank(head) && end - lineStartOf(text, end) < head.length ? "" : text.slice(end);
}

/** Where a first line ends that has the file's own path and nothing more; in the file's first line it may be right. */
function endOfFileName(text: string, { above, head }: Place, path: string | undefined): number {
  if (path === undefined || !isBlank(head) || above.every(isBlank)) return 0;
  const line = text.split("\n", 1)[0]!;
  const said = line
    .trim()
    .replace(/^(?:\/\/|#|--|\/\*|<!--)?\s*(?:(?:file|path|filename)\s*:)?/i, "")
    .replace(/(?:\*\/|-->)$/, "")
    .trim();
  return said.includes(".") && (path === said || path.endsWith(`/${said}`)) ? line.length : 0;
}
