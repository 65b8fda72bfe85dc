import {
  closersFor,
  copiesLine,
  indentation,
  isBlank,
  isLiteral,
  isStructural,
  leadingWhite,
  lexisOrUsual,
  lineEchoFinder,
  openBelow,
  type Place,
  pairBrackets,
  type SyntaxFacts,
  scan,
  statementStart,
  USUAL,
} from "../text/index.ts";

export type StopReason =
  | "line-end"
  | "dedent"
  | "block-closed"
  | "declaration-end"
  | "blank-lines"
  | "repeats-suffix"
  | "max-lines";

/** `keep`: characters of the text so far that belong to the suggestion. */
export type StopDecision = "continue" | { readonly stop: StopReason; readonly keep: number };

/**
 * Judges all the text generated so far. It reads from the start and stops at the first cause, so a longer text never
 * changes a stop: not its cause, not its `keep`.
 */
export type StopRule = (text: string) => StopDecision;

/** `auto` decides by the place; `always` and `never` are the user's setting. */
export type Multiline = "auto" | "always" | "never";

/**
 * Whether a block of lines is wanted at a place, or the rest of one line: by the syntax where a parser knows it, else
 * by indentation and by how lines end.
 */
export function blockWanted(place: Place, multiline: Multiline = "auto", facts?: SyntaxFacts): boolean {
  return floorFor(place, multiline, facts) !== null;
}

export function stopRuleFor(
  place: Place,
  maxLines: number,
  multiline: Multiline = "auto",
  facts?: SyntaxFacts,
  languageId?: string,
): StopRule {
  const floor = floorFor(place, multiline, facts);
  // One line that says the line above again is all that was wanted, and no suggestion.
  const oneLine = stopAtLineEnd(multiline !== "never" && isBlank(place.head) && isBlank(place.rest));
  if (floor === null && isBlank(place.head)) return withoutInvisible(oneLine);
  const block = (end: number) =>
    stopAtBlockEnd(place, end, maxLines, {
      declarationEnd: declarationEnd(place, facts),
      isInLiteral: literalReader(place, languageId),
    });
  return withoutInvisible(afterEcho(floor === null ? oneLine : block(floor), place));
}

/** Reads a text by the lexical rules of its language; without any, nothing is in a literal. */
function literalReader({ above, head }: Place, languageId: string | undefined): Block["isInLiteral"] {
  const from = above.length > 0 ? `${above.join("\n")}\n` : "";
  const lexis = lexisOrUsual(languageId, from + head);
  return (text, offset) => {
    // The marks of a fence are no string, though they may be quotes of the language.
    if (offset === 0 || lexis === USUAL || /(?:^|\n)[ \t]*```/.test(text.slice(0, offset))) return false;
    const source = from + head + text;
    const cursor = from.length + head.length;
    const range = { from: from.length, to: cursor + offset, open: openBelow(lexis, from) };
    return scan(lexis, source, range).open.some((frame) => isLiteral(frame) && frame.at >= cursor);
  };
}

const INVISIBLE = /[\p{Cf}\p{Variation_Selector}]/gu;

/** Judges a text without characters that do not show: before a word or a line's indentation they would hide it. */
function withoutInvisible(rule: StopRule): StopRule {
  return (text) => {
    const hidden = [...text.matchAll(INVISIBLE)];
    if (hidden.length === 0) return rule(text);
    const decision = rule(text.replace(INVISIBLE, ""));
    if (decision === "continue") return decision;
    let { keep } = decision;
    for (const { 0: character, index } of hidden) if (index < keep) keep += character.length;
    return { ...decision, keep };
  };
}

/** Judges what follows the lines above the cursor, where the model says them again first. */
function afterEcho(rule: StopRule, place: Place): StopRule {
  const echoEnd = lineEchoFinder(place);
  return (text) => {
    // Where white space alone ends it, what follows does not matter: in smaller pieces it would never be read.
    const early = rule(/^\s*/.exec(text)![0]);
    if (early !== "continue") return early;
    const end = echoEnd(text);
    if (end === "open") return "continue";
    const decision = rule(text.slice(end));
    return decision === "continue" ? decision : { ...decision, keep: decision.keep + end };
  };
}

/** The least indentation of the lines that are wanted, or null for one line. */
function floorFor(place: Place, multiline: Multiline, facts: SyntaxFacts | undefined): number | null {
  if (multiline === "never") return null;
  const floor = blockFloor(place);
  if (multiline === "always") return floor ?? indentation(place.head);
  if (!facts) return floor;
  // A parser tells an empty body from an object, and prose and strings from code, better than the ends of lines do.
  if (facts.inComment || facts.inString) return null;
  if (facts.emptyBody && floor === null && isBlank(place.rest.replace(/[)\]};,]/g, "")))
    return indentation(place.head) + (isBlank(place.head) ? 0 : 1);
  // At column 1 a declaration may begin, whose end the parser can see.
  if (floor === null && place.head === "" && isBlank(place.rest)) return 0;
  return floor;
}

/** Where one declaration is wanted, not a body's worth of them. */
function declarationEnd(place: Place, facts: SyntaxFacts | undefined): SyntaxFacts["declarationEnd"] {
  const previous = place.above.findLast((line) => !isBlank(line));
  const fillsBody = facts?.emptyBody || (previous !== undefined && opensBlock(previous, ""));
  const onBlankLine = isBlank(place.head) && isBlank(place.rest);
  return facts && onBlankLine && !fillsBody ? facts.declarationEnd : () => undefined;
}

/** @param onBlankLine the line may be below blank ones that the model writes first */
function stopAtLineEnd(onBlankLine: boolean): StopRule {
  return (text) => {
    const start = onBlankLine ? text.search(/\S|$/) : 0;
    if (blankLinesOf(text.slice(0, start)) > LEADING_BLANK_LINES) return { stop: "blank-lines", keep: 0 };
    const lineBreak = text.indexOf("\n", start);
    return lineBreak === -1 ? "continue" : { stop: "line-end", keep: lineBreak };
  };
}

const LEADING_BLANK_LINES = 3; // a model that writes more of them writes nothing else
const blankLinesOf = (white: string): number => white.split("\n").length - 1;

function stopAtBlockEnd(
  place: Place,
  floor: number,
  maxLines: number,
  reading: Pick<Block, "declarationEnd" | "isInLiteral">,
): StopRule {
  const lines = [...place.above, place.head];
  const opening = lines.findLastIndex((line) => !isBlank(line) && indentation(line) < floor);
  const block: Block = {
    place,
    floor,
    level: opening === -1 ? -1 : indentation(lines[opening]!),
    opened: opening === -1 ? "" : lines.slice(opening).join("\n"),
    nextLine: place.below.find((line) => !isBlank(line))?.trimEnd(),
    ...reading,
  };
  return (text) => stopInBlock(text, block, maxLines);
}

/** The block that a suggestion fills. */
interface Block {
  readonly place: Place;
  /** The least indentation of its lines. */
  readonly floor: number;
  /** The indentation of the line that opens it, and the text from that line to the cursor; -1 and empty if no line does. */
  readonly level: number;
  readonly opened: string;
  /** The next line of the document that is not blank. */
  readonly nextLine: string | undefined;
  readonly declarationEnd: SyntaxFacts["declarationEnd"];
  /** Whether an offset of a text is in a string or a comment that the text has opened: there, indentation means nothing. */
  readonly isInLiteral: (text: string, offset: number) => boolean;
}

function stopInBlock(text: string, block: Block, maxLines: number): StopDecision {
  const headIsBlank = isBlank(block.place.head);
  const count = lineCounter(maxLines, block.place.head === "");
  let keep = 0; // up to the end of the last line that is not blank
  for (const one of linesIn(text, block.place.head)) {
    const written = !isBlank(one.own);
    const isLower = written && (one.start > 0 || headIsBlank) && indentation(one.line) < block.floor;
    if (isLower && !isOwn(text, one, block)) return stopBelowFloor(text, one, keep, block);
    if (one.end === text.length) return "continue";
    const stop = written && stopAfter(text, one, keep, block);
    if (stop) return stop;
    if (written) keep = one.end;
    const reason = count(one);
    if (reason) return { stop: reason, keep };
  }
  return "continue";
}

/**
 * Whether a line is in what the text has opened, so that its indentation does not end the block: a string or a comment; or
 * brackets, where the model indents with spaces and the block with tabs, or the other way: their columns do not compare.
 */
function isOwn(text: string, { start, own }: Line, { place: { head }, isInLiteral }: Block): boolean {
  if (start === 0) return false;
  const white = leadingWhite(own);
  const isMixed = white !== "" && head !== "" && white.includes("\t") !== leadingWhite(head).includes("\t");
  return (isMixed && pairBrackets(text.slice(0, start)).open.length > 0) || isInLiteral(text, start);
}

/** A line with less indentation than the block's. */
function stopBelowFloor(text: string, { start, line }: Line, keep: number, block: Block): StopDecision {
  const { place, floor, level, opened } = block;
  if (indentation(line) !== level) return { stop: "dedent", keep };
  const closers = missingClosers(opened + text.slice(0, start), place, floor, level);
  return stopAtCloser(text, start, keep, closers, isBlank(place.rest));
}

/** After a complete line that is not blank, where the block ends with it. */
function stopAfter(
  text: string,
  { line, end }: Line,
  keep: number,
  { nextLine, declarationEnd }: Block,
): StopDecision | undefined {
  // Two neighbours may well open with the same line: what follows it tells them apart.
  if (nextLine !== undefined && !isStructural(line) && copiesLine(line, nextLine))
    return { stop: "repeats-suffix", keep };
  const declaration = declarationEnd(text.slice(0, end));
  return declaration === undefined ? undefined : { stop: "declaration-end", keep: declaration };
}

/** Counts complete lines, and says when there are enough of them, or two blank ones in a row after what is written. */
function lineCounter(maxLines: number, onBlankLine: boolean): (line: Line) => StopReason | undefined {
  let lineCount = 0;
  let blankLines = 0;
  let most = onBlankLine ? LEADING_BLANK_LINES : 1;
  return ({ start, own, line }) => {
    blankLines = isBlank(line) ? blankLines + 1 : 0;
    if (blankLines > most) return "blank-lines";
    if (!isBlank(own)) most = 1;
    if (start > 0 || !isBlank(own)) lineCount++;
    return lineCount === maxLines ? "max-lines" : undefined;
  };
}

interface Line {
  /** Offsets in the generated text; `end` is at the line break, or at the text's end where the line may still grow. */
  readonly start: number;
  readonly end: number;
  /** What the model wrote of it. */
  readonly own: string;
  /** The whole line; the first one begins with the text before the cursor. */
  readonly line: string;
}

function* linesIn(text: string, head: string): Generator<Line> {
  for (let start = 0; start <= text.length; ) {
    const lineBreak = text.indexOf("\n", start);
    const end = lineBreak === -1 ? text.length : lineBreak;
    const own = text.slice(start, end);
    yield { start, end, own, line: start === 0 ? head + own : own };
    start = end + 1;
  }
}

/** A line at the block's own level: its closing brackets still belong to the block, as far as they are `closers`. */
function stopAtCloser(
  text: string,
  lineStart: number,
  keep: number,
  closers: string,
  takesSemicolon: boolean,
): StopDecision {
  const first = lineStart + text.slice(lineStart).search(/\S/);
  let end = first;
  while (end - first < closers.length && text[end] === closers[end - first]) end++;
  if (end === first) return { stop: "dedent", keep };
  const mayGrow = end - first < closers.length || takesSemicolon;
  if (end === text.length && mayGrow) return "continue";
  if (takesSemicolon && (text[end] === ";" || text[end] === ",")) end++;
  return { stop: "block-closed", keep: end };
}

/** The least indentation, in columns, of the lines of the block that is wanted here; null where one line is wanted. */
function blockFloor({ above, head, rest, below }: Place): number | null {
  if (!isBlank(head)) return opensBlock(head, rest) ? statementLevel(above, head) + 1 : null;
  if (!isBlank(rest)) return null;

  const at = above.findLastIndex((line) => !isBlank(line));
  const previous = above[at];
  if (previous !== undefined && opensBlock(previous, "")) {
    const level = statementLevel(above.slice(0, at), previous);
    // Labels may be as deep as their `switch`: gofmt has them there.
    if (indentation(head) <= level) return level + (LABELS.test(previous) && head !== "" ? 0 : 1);
  }
  if (head !== "") return indentation(head);

  // At column 1 only the neighbours can tell whether this is inside something.
  const next = below.find((line) => !isBlank(line));
  if (previous === undefined || next === undefined) return null;
  if (/^\s*[)\]}]/.test(next) && indentation(next) < indentation(previous)) return indentation(next) + 1;
  return Math.min(indentation(previous), indentation(next)) || null;
}

/** The indentation of the line where a statement begins whose last line is `line`. */
const statementLevel = (above: readonly string[], line: string): number =>
  indentation(statementStart(above, line).line);

// Elsewhere a colon at the end of a line asks for a type or a value.
const COLON_BLOCK =
  /^\s*(?:private|protected|public)\s*:$|^\s*(?:(?:async\s+)?(?:class|def|for|with)|case|default|elif|else|except|finally|if|match|try|while)\b.*:$/;

const LABELS = /^\s*(?:switch|select)\b.*\{\s*$/;

/** Whether a block follows `line`, when `rest` is what the editor has put after the cursor: closing brackets, or nothing. */
function opensBlock(line: string, rest: string): boolean {
  if (!/^[\s)\]};,]*$/.test(rest)) return false;
  const end = line.trimEnd();
  if (end.endsWith("{")) return true;
  if (/^\s*(?:\/\/|#|\*|--)/.test(end)) return false; // prose
  // Between a closed pair of ( ) or [ ] people write one line more often than many.
  if (/[([]$/.test(end)) return isBlank(rest);
  if (end.endsWith(":")) return COLON_BLOCK.test(end) || pairBrackets(end).surplus.length > 0;
  return /=>$|\S\s+(?:do|then)$|^\s*else$/.test(end);
}

/**
 * The closing brackets, innermost first, that `written` still needs, without those already after the cursor: on its
 * line, or where the block ends below.
 */
function missingClosers(written: string, { rest, below }: Place, floor: number, level: number): string {
  let closers = closersFor(pairBrackets(written).open);
  const atCursor = /^[\s)\]}]*/.exec(rest)![0].replace(/\s/g, "");
  // The longest overlap comes first, and ends the loop.
  for (let start = 0; start < closers.length; start++)
    if (atCursor.startsWith(closers.slice(start))) closers = closers.slice(0, start);
  if (closers === "") return "";

  const after = below.find((line) => !isBlank(line) && indentation(line) < floor);
  const closedBelow =
    after !== undefined && indentation(after) === level && after.trimStart()[0] === closers[0];
  return closedBelow ? "" : closers;
}
