import { type Lexis, lexisOf } from "./languages.ts";
import { quoted } from "./regions.ts";
import { type Frame, type Scan, scan } from "./scan.ts";

// Of a language that is not known: quotes that end on their line, and brackets.
export const USUAL: Lexis = { regions: [quoted('"'), quoted("'"), quoted("`")], semicolons: true };

export const lexisOrUsual = (languageId: string | undefined): Lexis =>
  (languageId !== undefined && lexisOf(languageId)) || USUAL;

/** A text that is written between `before` and `after`. */
export interface Insertion {
  readonly lexis: Lexis;
  readonly before: string;
  readonly text: string;
  readonly after: string;
}

/** Where a text may have to end, so that what is open at the cursor is still open for what follows to close. */
export interface Endings {
  /** The start of a comment that would hide the rest of the cursor's line, which is code or has a comment of its own. */
  readonly hides: number | undefined;
  /** The end of the longest part that leaves what follows as it was; undefined if that is the whole text. */
  readonly sure: number | undefined;
  /**
   * If the line continues after the cursor: offsets outside the text's own brackets where it closes what it has not opened,
   * or has the mark that comes next after the cursor and so may have gone over into what follows.
   */
  readonly possible: readonly number[];
}

/**
 * Compares what is open at the cursor, and closed behind it, with what the text leaves open: in `f(█)` the text
 * `a) + (b` leaves a parenthesis to close, and `a);` leaves none.
 */
export function endingsOf({ lexis, before, text, after }: Insertion): Endings {
  const cursor = before.length;
  const from = before.lastIndexOf("\n") + 1;
  const outside = scan(lexis, before + after, { to: from }).open;
  const bare = scan(lexis, before + after, { from, to: cursor, open: outside }).open;
  const needed = closedBehind(lexis, before + after, cursor, bare);
  // The text may close a quote that was a mere apostrophe without it: the cursor's line is read again.
  const source = before + text + after;
  const head = scan(lexis, source, { from, to: cursor, open: outside }).open;
  const upTo = (offset: number) => scan(lexis, source, { from: cursor, to: cursor + offset, open: head });
  const whole = upTo(text.length);
  const closes = distinct(whole.closed.map(({ at }) => at - cursor));
  const continues = restOf(after).trim() !== "";
  const surplus = !continues ? [] : whole.surplus.map((at) => at - cursor);

  const leaves = (frames: readonly Frame[]) => isSubsequence(needed, frames.map(signature));
  const fits = (offset: number) => leaves(upTo(offset).open);
  const closing = leaves(whole.open) ? undefined : (closes.findLast(fits) ?? closes[0]);
  return {
    hides: hidingComment(source, after, whole, cursor, text.length),
    sure: least([closing, twin(text, after, surplus), surplusTag(lexis, text, after)]),
    possible: distinct([...(continues ? closes : []), ...surplus, ...likeNext(lexis, text, after)]).filter(
      (offset) => upTo(offset).open.every((frame) => frame.at < cursor),
    ),
  };
}

/** What of `open` the text behind the cursor closes, outermost first. */
function closedBehind(lexis: Lexis, text: string, cursor: number, open: readonly Frame[]): string[] {
  const lineEnd = cursor + restOf(text.slice(cursor)).length;
  // A string that its line does not close may end anywhere: what follows it below is code by chance.
  const inString = open.some((frame) => frame.kind === "region" && frame.region.kind !== "comment");
  const isTheirs = ({ at, frame }: Scan["closed"][number]): boolean => {
    if (at < lineEnd && frame.kind !== "region") return true;
    // Blocks may be longer than what is read of the text around the cursor: their braces below tell nothing.
    if (frame.kind === "bracket") return !inString && /[([]/.test(frame.open);
    if (frame.kind !== "region") return false;
    const { kind, lines, open: opener } = frame.region;
    if (kind !== "comment") return at < lineEnd;
    // Below, the next comment's end looks like this one's.
    return lines === true && !new RegExp(opener, "m").test(text.slice(cursor, at));
  };
  const behind = scan(lexis, text, { from: cursor, open });
  const frames = new Set(behind.closed.filter(isTheirs).map(({ frame }) => frame));
  return open.filter((frame) => frames.has(frame)).map(signature);
}

function hidingComment(
  source: string,
  after: string,
  { open }: Scan,
  cursor: number,
  length: number,
): number | undefined {
  const last = open.at(-1);
  if (last?.kind !== "region" || last.region.kind !== "comment" || last.region.lines) return undefined;
  // After several lines, what follows the cursor gets a line of its own.
  const isOneLine = !source.slice(cursor, cursor + length).includes("\n");
  const line = source.slice(source.lastIndexOf("\n", cursor - 1) + 1, last.at);
  const hides = last.at >= cursor && isOneLine && line.trim() !== "" && restOf(after).trim() !== "";
  return hides ? last.at - cursor : undefined;
}

/** The first closer that nothing opened and that follows the cursor too: its opener is too far above. */
function twin(text: string, after: string, surplus: readonly number[]): number | undefined {
  const next = restOf(after).trimStart()[0];
  return surplus.find((offset) => text[offset] === next);
}

function likeNext(lexis: Lexis, text: string, after: string): number[] {
  const next = /^[^\S\n]*([^\p{L}\p{N}_\s])/u.exec(after)?.[1];
  // Type arguments are read by the lexical rules, which know them better than C++'s parser.
  if (next === undefined || (next === ">" && lexis.generics && !lexis.elements)) return [];
  return [...text.matchAll(/[^\p{L}\p{N}_\s]/gu)].flatMap(({ 0: mark, index }) =>
    mark === next ? [index] : [],
  );
}

const ELEMENT = /<(\/?)([A-Za-z][\w:.-]*)?(?:"[^"]*"|'[^']*'|\{[^{}]*\}|=>|[^<>"'{}])*?(\/?)>/g;
const VOID = /^(?:area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr)$/i;

/** A closing tag that nothing in the text opens, where the rest of the line has it. */
function surplusTag(lexis: Lexis, text: string, after: string): number | undefined {
  if (!lexis.markup && !lexis.elements) return undefined;
  const next = /^[^<]*<\/([A-Za-z][\w:.-]*)?\s*>/.exec(restOf(after));
  if (!next) return undefined;
  const open: string[] = [];
  for (const { 1: slash, 2: name = "", 3: closed, index } of text.matchAll(ELEMENT)) {
    if (closed || VOID.test(name)) continue;
    if (!slash) open.push(name);
    else if (open.at(-1) === name) open.pop();
    else if (name === (next[1] ?? "")) return index;
  }
  return undefined;
}

const restOf = (after: string): string => after.split("\n", 1)[0]!;

const distinct = (offsets: readonly number[]): number[] => [...new Set(offsets)];

function least(offsets: readonly (number | undefined)[]): number | undefined {
  const known = offsets.filter((offset) => offset !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

/** What must close a frame. */
function signature(frame: Frame): string {
  if (frame.kind === "bracket") return frame.open;
  return frame.kind === "region" ? `${frame.kind} ${frame.opened}` : frame.kind;
}

function isSubsequence(part: readonly string[], whole: readonly string[]): boolean {
  let found = 0;
  for (const one of whole) if (one === part[found]) found++;
  return found === part.length;
}
