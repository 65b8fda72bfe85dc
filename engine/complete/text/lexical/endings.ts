import { lineStartOf } from "../position.ts";
import { type Lexis, lexisOf } from "./languages.ts";
import { quoted } from "./regions.ts";
import { type Frame, isLiteral, type Scan, scan } from "./scan.ts";

// Of a language that is not known: quotes that end on their line, and brackets.
export const USUAL: Lexis = { regions: [quoted('"'), quoted("'"), quoted("`")], semicolons: true };

/**
 * The rules of a language, or what holds for most of them.
 * @param before a part of the file, or all of it: PHP's tag may be above what is read
 */
export function lexisOrUsual(languageId: string | undefined, before = "<?"): Lexis {
  const id = languageId === "php" && !before.includes("<?") ? "php-code" : languageId;
  return (id !== undefined && lexisOf(id)) || USUAL;
}

/** A text that is written between `before` and `after`. */
export interface Insertion {
  readonly lexis: Lexis;
  readonly before: string;
  readonly text: string;
  readonly after: string;
  /** What is open where the cursor's line begins. */
  readonly outside: readonly Frame[];
}

/** Where a text may have to end, so that what is open at the cursor is still open for what follows to close. */
export interface Endings {
  /** The start of a comment that would hide the rest of the cursor's line, which is code or has a comment of its own. */
  readonly hides: number | undefined;
  /** As `sure`, where the cursor is in words: no parser knows their brackets. */
  readonly words: number | undefined;
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
export function endingsOf(insertion: Insertion): Endings {
  const { lexis, before, text, after, outside } = insertion;
  const cursor = before.length;
  const from = before.lastIndexOf("\n") + 1;
  const bare = scan(lexis, before + after, { from, to: cursor, open: outside }).open;
  // The text may close a quote that was a mere apostrophe without it: the cursor's line is read again.
  const source = before + text + after;
  const head = scan(lexis, source, { from, to: cursor, open: outside }).open;
  const upTo = (offset: number) => scan(lexis, source, { from: cursor, to: cursor + offset, open: head });
  const whole = upTo(text.length);
  const closes = distinct(whole.closed.map(({ at }) => at - cursor));
  const continues = restOf(after).trim() !== "";
  const surplus = continues ? whole.surplus.map((at) => at - cursor) : [];

  const leaves = fitting(insertion, bare, head);
  const closing = leaves(whole.open)
    ? undefined
    : (closes.findLast((offset) => leaves(upTo(offset).open)) ?? closes[0]);
  return {
    hides: hidingComment(source, after, whole, cursor, text.length),
    words: endingOfWords(insertion, bare),
    sure: least([closing, twin(text, after, surplus), surplusTag(lexis, text, after)]),
    possible: distinct([...(continues ? closes : []), ...surplus, ...likeNext(lexis, text, after)]).filter(
      (offset) => upTo(offset).open.every((frame) => frame.at < cursor),
    ),
  };
}

/**
 * Judges what a text leaves open at its end: whether the rest of the cursor's line closes of it what it closed of `bare`,
 * which is open without the text, and takes nothing that is needed further out.
 */
function fitting(
  insertion: Insertion,
  bare: readonly Frame[],
  head: readonly Frame[],
): (open: readonly Frame[]) => boolean {
  const { lexis, before, after } = insertion;
  const lineEnd = before.length + restOf(after).length;
  const rest = (open: readonly Frame[]) => scanRest(insertion, open);
  const asItWas = rest(bare);
  const closers = asItWas.closed.map(({ frame }) => signature(frame));
  const needed = closedBelow(lexis, before + after, lineEnd, asItWas.open);
  const neededFrames = new Set(needed);
  const outer = new Set(head);
  const hers = new Set(asItWas.closed.map(({ frame }) => frame.at));
  return (open) => {
    const now = rest(open);
    if (now.surplus.length > asItWas.surplus.length) return false;
    if (now.lost.filter((frame) => outer.has(frame)).length > asItWas.lost.length) return false;
    const taken = now.closed.some(
      ({ frame }) => outer.has(frame) && !hers.has(frame.at) && (isBrace(frame) || neededFrames.has(frame)),
    );
    if (taken) return false;
    const closed = now.closed.map(({ frame }) => signature(frame));
    return isSubsequence(closers, closed) && isSubsequence(needed.map(signature), now.open.map(signature));
  };
}

/** Reads the rest of the cursor's line, with `open` before it. */
function scanRest({ lexis, before, after }: Insertion, open: readonly Frame[]): Scan {
  const range = { from: before.length, to: before.length + restOf(after).length };
  const whole = scan(lexis, before + after, { ...range, open });
  const hole = open.findLastIndex(
    (frame, index) => index > 0 && frame.kind === "bracket" && isLiteral(open[index - 1]!),
  );
  if (hole === -1 || !whole.open.includes(open[hole]!)) return whole;
  // `"${█"`: the brace inside the string is not closed, so the quote belongs to the string.
  return scan(lexis, before + after, { ...range, open: open.slice(0, hole) });
}

// A block is closed somewhere below, mostly where the text around the cursor that is read has ended.
const isBrace = (frame: Frame): boolean => frame.kind === "bracket" && frame.open === "{";

/** What of `open` the lines below close, outermost first. Blocks may be longer than what is read of these lines. */
function closedBelow(lexis: Lexis, text: string, lineEnd: number, open: readonly Frame[]): Frame[] {
  // A string that its line does not close may end anywhere: what follows it below is code by chance.
  if (open.some((frame) => frame.kind === "region" && frame.region.kind !== "comment")) return [];
  const below = scan(lexis, text, { from: lineEnd, open }).closed;
  const isTheirs = ({ at, frame }: Scan["closed"][number]): boolean => {
    if (frame.kind === "bracket") return /[([]/.test(frame.open);
    // The next comment's end looks like this one's.
    const isBlock = frame.kind === "region" && frame.region.lines === true;
    return isBlock && !new RegExp(frame.region.open, "m").test(text.slice(lineEnd, at));
  };
  const frames = new Set(below.filter(isTheirs).map(({ frame }) => frame));
  return open.filter((frame) => frames.has(frame));
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
  const line = source.slice(lineStartOf(source, cursor), last.at);
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

/** Of a text that is written between tags, and in a string. */
const BRACKETS: Lexis = { regions: [] };

/**
 * As `sure`, where people write words, whose brackets and quotes editors close all the same: they are read by their line
 * alone, and in a string without what is before it.
 */
function endingOfWords(insertion: Insertion, open: readonly Frame[]): number | undefined {
  const { lexis, before, text, after } = insertion;
  if (lexis === USUAL || lexis === BRACKETS) return undefined;
  const inside = open.at(-1);
  const isText = lexis.words === true || (lexis.markup === true && inside === undefined);
  if (!isText && inside?.kind !== "region") return undefined;
  const lineStart = before.lastIndexOf("\n") + 1;
  const isString = !lexis.words && inside?.kind === "region" && inside.region.kind === "string";
  // A string of several lines is text, or code.
  const inString = isString && inside.at >= lineStart;
  const from = inString ? inside.at + inside.opened.length : lineStart;
  // What follows the string's end closes nothing in it.
  const closed = inString && scanRest(insertion, open).closed.find(({ frame }) => frame === inside);
  const rest = closed ? restOf(after).slice(0, closed.at - before.length) : restOf(after);
  const line = { before: before.slice(from), text, after: rest, outside: [] };
  return endingsOf({ ...line, lexis: inString || lexis.markup ? BRACKETS : USUAL }).sure;
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
