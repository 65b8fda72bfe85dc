import { pairBrackets } from "./brackets.ts";
import { indentation, isBlank, leadingWhite, type Place } from "./place.ts";
import { isStructural, sameLine, saysMuch } from "./same_line.ts";
import { borders, hasName, isWord, type Token, tokensOf } from "./tokens.ts";

// A model that was not trained to continue in the middle of a line says again what is before the cursor, and then
// continues it. What it says again is an echo: the text after it is what the user wants.

/** The offset in the text where an echo ends, 0 where there is none; `open` while more text may still make it one. */
type EchoEnd = number | "open";

const MANY_TOKENS = 6; // or half as many from the line's start: more agree by no chance
const WORD_LETTERS = 3; // `a`, `x` and `of` agree by chance
const LONG_WORD_LETTERS = 4; // different ones: no word begins with as many of them twice
const ECHOED_LINES = 12; // above the cursor's own: more are a copy, and no slip

/**
 * Finds echoed lines: the text begins with the last lines above the cursor, and then with the cursor's line up to the
 * cursor. A suggestion that says the lines above and nothing more is no echo, unless text is before the cursor on its line.
 * `open` where the text agrees as far as it goes.
 */
export function lineEchoFinder({ above, head }: Place): (text: string) => EchoEnd {
  const earlier = above.filter((line) => !isBlank(line)).slice(-ECHOED_LINES);
  return (text) => {
    const lines = writtenLines(text);
    if (lines.length === 0) return 0;
    for (let count = earlier.length; count > 0; count--) {
      const end = endOfEcho(lines, earlier.slice(-count), head);
      if (end !== 0) return end;
    }
    return 0;
  };
}

interface WrittenLine {
  readonly own: string;
  readonly start: number;
  /** Its line break has come. */
  readonly complete: boolean;
}

function writtenLines(text: string): WrittenLine[] {
  const lines: WrittenLine[] = [];
  let start = 0;
  const parts = text.split("\n");
  for (const [index, own] of parts.entries()) {
    if (!isBlank(own)) lines.push({ own, start, complete: index < parts.length - 1 });
    start += own.length + 1;
  }
  return lines;
}

/** Where the echo of `originals` and of the head ends. */
function endOfEcho(lines: readonly WrittenLine[], originals: readonly string[], head: string): EchoEnd {
  for (const [index, original] of originals.entries()) {
    const line = lines[index];
    if (line === undefined) return "open";
    if (!line.complete) return isBeginning(line.own, original) ? "open" : 0;
    if (!sameLine(line.own, original)) return 0;
    // The first of several lines may be less deep than the cursor: how it is indented tells nothing.
    const first = index === 0;
    if ((!first || originals.length === 1) && !isAsDeep(line.own, original, first ? head : "")) return 0;
  }
  const isChance =
    !saysMuch([...originals, head]) ||
    (isBlank(head) && originals.length === 1 && isStructural(originals[0]!));
  return isChance ? 0 : endOfHead(lines[originals.length], head);
}

/** Whether a line is as deep as its original; the first may lack the indentation that is before the cursor already. */
function isAsDeep(own: string, original: string, head: string): boolean {
  if (indentation(own) === indentation(original)) return true;
  return head !== "" && (!isBlank(head) || indentation(head + own) === indentation(original));
}

/** Where the echo of the head ends in the line that follows the echoed lines. */
function endOfHead(line: WrittenLine | undefined, head: string): EchoEnd {
  if (line === undefined) return "open";
  if (isBlank(head)) return line.start + indentationToSkip(line.own, head);
  const echoed = wholeHead(line.own, head);
  if (echoed !== undefined) return line.start + echoed;
  return !line.complete && isBeginning(line.own, head) ? "open" : 0;
}

const isBeginning = (own: string, original: string): boolean =>
  original.trimStart().startsWith(own.trimStart());

/** Characters of a line's indentation that the head has already; a line that is less deep keeps none. */
function indentationToSkip(own: string, head: string): number {
  return own.startsWith(head) ? head.length : own.length - own.trimStart().length;
}

/** Where the echo of the whole head ends in a line; undefined if the line does not begin with it. */
function wholeHead(line: string, head: string): number | undefined {
  const tokens = tokensOf(head);
  return agreement(tokens, tokensOf(line), tokens.length, head, line)?.end;
}

interface Agreement {
  /** Where the echo ends in the text, with the white space that is before the cursor already. */
  readonly end: number;
  /** A word of the text continues the word before the cursor, or says it again: together they would be one other word. */
  readonly glued: boolean;
}

/** Whether the last `count` tokens of the head are the first of the text; the last may be a word that the text makes longer. */
function agreement(
  head: readonly Token[],
  text: readonly Token[],
  count: number,
  headText: string,
  source: string,
): Agreement | undefined {
  if (count > text.length) return undefined;
  const from = head.length - count;
  for (let index = 0; index < count - 1; index++) {
    // A long echo may begin in a word.
    const isPart = index === 0 && count > MANY_TOKENS && head[from]!.text.endsWith(text[0]!.text);
    if (!isPart && !sameToken(head[from + index]!.text, text[index]!.text)) return undefined;
  }
  const last = head.at(-1)!;
  const twin = text[count - 1]!;
  const touches = last.end === headText.length && isWord(last.text);
  const whole = sameToken(last.text, twin.text);
  if (!whole && !(touches && /^\S/.test(source) && twin.text.startsWith(last.text))) return undefined;
  let end = twin.start + last.text.length;
  if (!touches && /\s$/.test(headText)) end += leadingWhite(source.slice(end)).length;
  return { end, glued: touches && isWord(source.slice(0, 1)) };
}

const sameToken = (token: string, other: string): boolean =>
  token === other || (/^["'`]$/.test(token) && /^["'`]$/.test(other));

/**
 * Where the echo of the cursor's line up to the cursor ends in a text: of the whole head, or of its last tokens. Right text
 * repeats as well (`max(max(a, b), c)`, `size, size`, `data.data`), so what few tokens repeat counts only where the
 * brackets, the kind of the last token or the words of the file say that it is an echo.
 */
export function headEchoEnd(text: string, place: Place): number {
  const { head } = place;
  const firstLine = text.split("\n", 1)[0]!;
  const headTokens = tokensOf(head);
  const textTokens = tokensOf(firstLine);
  if (headTokens.length === 0 || textTokens.length === 0) return 0;
  const leader = leaderEcho(head, firstLine);
  if (leader > 0) return leader;
  for (let count = Math.min(headTokens.length, textTokens.length); count > 0; count--) {
    const agreed = agreement(headTokens, textTokens, count, head, firstLine);
    if (!agreed) continue;
    const echo = { place, head: headTokens, count, text: firstLine, twin: textTokens[count - 1]!, ...agreed };
    if (isEcho(echo)) return agreed.end;
  }
  return 0;
}

const RUN_LINES = 20;
const RUN_TOKENS = 400;

/**
 * Where the echo of tokens that begin above the cursor's line ends in a text. What begins at a line's start, and ends above
 * the cursor's line, is left to the finder of echoed lines, which knows how deep they are.
 */
export function runEchoEnd(text: string, { above, head }: Place): number {
  const source = [...above.slice(-RUN_LINES), head].join("\n");
  const said = tokensOf(source).slice(-RUN_TOKENS);
  const tokens = tokensOf(text.slice(0, source.length * 2)).slice(0, RUN_TOKENS);
  const words = [...tokens, undefined, ...said].map((token) => token?.text);
  const count = borders(words).at(-1)!;
  const first = said.at(-count);
  const inHead = tokensOf(head).length;
  if (count <= inHead || first === undefined) return 0;
  const echoed = tokens.slice(0, count).map((token) => token.text);
  if (!isRunEcho(echoed, source.slice(0, first.start), source.slice(first.start, said.at(-1)!.end), inHead))
    return 0;
  const { end } = tokens[count - 1]!;
  const white = inHead === 0 ? /^[ \t]*\n?[ \t]*/ : /\s$/.test(head) ? /^[ \t]*/ : /^/;
  return end + white.exec(text.slice(end))![0].length;
}

function isRunEcho(echoed: readonly string[], before: string, run: string, inHead: number): boolean {
  if (!echoed.some(hasName)) return false;
  if (inHead > 0)
    return echoed.length > MANY_TOKENS || (echoed.length > MANY_TOKENS / 2 && hasLongWord(echoed));
  // `return total(items);` may follow `if (a) return total(items);`.
  return !/(?:^|\n)[ \t]*$/.test(before) && run.includes("\n") && echoed.length > MANY_TOKENS;
}

// What begins a comment, a list item or a quotation: a line has it once.
const LEADER =
  /^\s*(\/{2,3}!?|#{1,6}|--|[*+>-]|;{1,3}|%+|\/\*{1,2}|<!--|\d+[.)]|- \[[ x]\]|"""|''')[ \t]+$|^\s*("""|''')$/;

/** The end of a comment's or list item's mark, where the head has nothing else and the text begins with it. */
function leaderEcho(head: string, text: string): number {
  const found = LEADER.exec(head);
  const mark = found?.[1] ?? found?.[2];
  if (mark === undefined || !text.trimStart().startsWith(mark)) return 0;
  // Further right it is the mark of an item inside.
  if (/^\s/.test(text) && /\S\s{2,}$/.test(head)) return 0;
  const start = text.indexOf(mark) + mark.length;
  const quotes = /^["']/.test(mark);
  const rest = text.slice(start);
  const spaces = leadingWhite(rest).length;
  // `-- █` may well be followed by a ruler.
  if (!/[\p{L}\p{N}]/u.test(rest) || (!quotes && spaces === 0)) return 0;
  return start + (found?.[1] === undefined ? 0 : spaces);
}

interface PossibleEcho extends Agreement {
  readonly place: Place;
  readonly head: readonly Token[];
  /** Tokens that agree. */
  readonly count: number;
  readonly text: string;
  /** The token of the text that the head's last one agrees with. */
  readonly twin: Token;
}

function isEcho(echo: PossibleEcho): boolean {
  const { head, count, glued } = echo;
  const echoed = head.slice(-count).map((token) => token.text);
  if (!echoed.some(hasName) || /^<\//.test(echoed.join(""))) return false; // closing tags repeat
  if (isCell(echoed)) return false;
  if (count < head.length && count <= MANY_TOKENS && !beginsSomething(echoed)) return false;
  if (glued) return isGluedEcho(echo, echoed);
  if (count === 1) return isWordEcho(echo, echoed[0]!);
  if (count === head.length && count > MANY_TOKENS) return true;
  const fit = bracketsTell(echo);
  if (fit !== undefined) return fit && (count === head.length || hasLongWord(echoed));
  if (count > (count === head.length ? MANY_TOKENS / 2 : MANY_TOKENS)) return true;
  const before = head.at(-1 - count)?.text ?? "";
  const isParameters = before === "(" && DECLARES.test(echo.place.head);
  return isEchoByTail(echoed, count === head.length, before, isParameters);
}

/** `2] | BAD[`: from the inside of one bracket to that of another, as rows of a table have it again and again. */
const isCell = (echoed: readonly string[]): boolean =>
  echoed.length <= MANY_TOKENS &&
  /[([{]/.test(echoed.at(-1)!) &&
  pairBrackets(echoed.join(" ")).surplus.length > 0;

/** A declaration up to somewhere in its parameters, which all have different names. */
const DECLARES = /(?:^|\s)(?:def|fn|fun|func|function|constructor|sub|proc)\b[^()]*\([^()]*$/;

/**
 * An echo begins where something begins, or a comment does; `, b` after `f(a, b` is one more argument. A value with its
 * `=`, and members of other names, are not said twice in a row.
 */
function beginsSomething(echoed: readonly string[]): boolean {
  const start = echoed.slice(0, 2).join("");
  // Nothing is listed after an operator: `a, err :=` before `, err := f()`.
  if (start.startsWith(",") && /[=+*/&|<>:]$/.test(echoed.at(-1)!)) return true;
  if (/^(?:[\p{L}\p{N}_$"'`([{@<#]|\/[/*]|--)/u.test(start)) return true;
  if (!/^(?:=(?![=>])|\.(?!\.)|::|->)/.test(start)) return false;
  const names = start.startsWith("=") ? 1 : 2;
  return echoed.length > MANY_TOKENS / 2 && new Set(echoed.filter(isLongName)).size >= names;
}

/** What two to six tokens up to the cursor are, by the mark they end with; `before` is the token before them. */
function isEchoByTail(
  echoed: readonly string[],
  isWhole: boolean,
  before: string,
  isParameters: boolean,
): boolean {
  const tail = echoed.slice(-2).join("");
  if (/(?:^|[^=!<>])[=:]$/.test(tail) && !/::$/.test(tail)) return true; // a name or key, and its value
  if (/(?:\.|::|->|\?\.)$/.test(tail)) return !/[.:>]/.test(before); // `data.█` in `response.data.█` may be followed by `data`
  if (!hasLongWord(echoed)) return false;
  // `size, size` and `x * x` are right text.
  if (/[,+*/%-]$/.test(tail) && isParameters) return true;
  if (/[,+*/%-]$/.test(tail)) return isWhole ? !tail.endsWith(",") || echoed.length > 2 : echoed.length > 3;
  return !/[.:>]$/.test(before) || echoed.length > 3;
}

const isLongName = (token: string): boolean => hasName(token) && token.length >= WORD_LETTERS;
const hasLongWord = (tokens: readonly string[]): boolean => tokens.some(isLongName);

/** Where text and head would make one word: `ititems` after `this.it`. */
function isGluedEcho({ place, head, count, twin }: PossibleEcho, echoed: readonly string[]): boolean {
  const word = echoed.at(-1)!;
  if (count > 1) return word.length > 1 || hasLongWord(echoed) || count === head.length;
  if (!hasName(word) || word.length < 2) return false;
  if (new Set(word).size >= LONG_WORD_LETTERS) return true;
  const isWhole = head.length === 1 && twin.text === word && word.length >= WORD_LETTERS;
  // The file knows the text's word, and not the two as one.
  return (isWhole || occurs(twin.text, place)) && !occurs(word + twin.text, place);
}

// Words of languages that no code has twice in a row.
const KEYWORD =
  /^(?:as|async|await|case|class|const|def|defer|elif|enum|export|extends|fn|for|foreach|from|fun|func|function|if|impl|implements|import|in|instanceof|interface|let|local|match|mut|namespace|new|override|package|private|protected|pub|public|raise|range|return|static|struct|switch|throw|trait|typeof|unless|use|using|val|var|where|while|with|yield|FROM|GROUP|HAVING|INSERT|INTO|JOIN|LIMIT|ORDER|SELECT|SET|UPDATE|VALUES|WHERE)$/;

/** One word that the text begins with: a keyword, or all that the line has. */
function isWordEcho({ head, place }: PossibleEcho, word: string): boolean {
  if (head.length === 1) return word.length >= WORD_LETTERS && word !== "long"; // `long long` is a type
  return KEYWORD.test(word) && !/\/\/|#|\/\*|["'`]/.test(place.head); // prose may well say "in in"
}

/** Whether brackets close only if the agreeing tokens are an echo (true) or no echo (false); undefined if they do not tell. */
function bracketsTell({
  place: { head, rest },
  head: tokens,
  count,
  text,
  end,
}: PossibleEcho): boolean | undefined {
  const fresh = text.slice(end);
  // `max(max(a), b)` is right: only what no argument says may close what the rest of the line closes as well.
  const isStatement = count > MANY_TOKENS || isNoArgument(tokens.slice(-count)) || endsStatement(head, text);
  const left = (line: string): number => {
    const { open, surplus } = pairBrackets(line);
    return open.length + surplus.length;
  };
  // The overlap filter takes away what the rest of the line has already, or the suggestion replaces it.
  const ending = fresh.trimEnd();
  const endsAsRest = (written: string): boolean => written.endsWith(rest.trim());
  const closed =
    rest.trim() !== "" &&
    (endsAsRest(ending) ||
      (isStatement && (endsAsRest(ending.replace(/;$/, "")) || closesRest(fresh, rest.trim()))));
  const asEcho = left(closed ? head + fresh : head + fresh + rest);
  const asText = left(head + text + rest);
  return asEcho === asText ? undefined : asEcho < asText;
}

// What no argument begins with: what a statement begins with, an operator, or a comment's mark.
const NO_ARGUMENT =
  /^(?:and|as|const|elif|if|import|in|instanceof|is|let|of|or|raise|return|throw|var|while) |^(?:\/[/*]|\*|#)/;

function isNoArgument(echoed: readonly Token[]): boolean {
  const begin = echoed.slice(0, 2).map(({ text }) => text);
  if (NO_ARGUMENT.test(isWord(begin[0]!) ? `${begin[0]} ` : begin.join(""))) return true;
  const pairs = echoed.filter(({ text }, index) => hasName(text) && hasName(echoed[index + 1]?.text ?? ""));
  return pairs.length > 2 || echoed.some(isAssignment); // words of a sentence
}

const isAssignment = ({ text }: Token, index: number, tokens: readonly Token[]): boolean =>
  text === "=" && !/[=!<>]/.test((tokens[index - 1]?.text ?? "") + (tokens[index + 1]?.text ?? ""));

/** Whether a text has a `;` inside a bracket that the head has opened: there it would be no argument. */
function endsStatement(head: string, text: string): boolean {
  const end = text.trimEnd();
  if (!end.endsWith(";") || /\bfor\s*\($/.test(head)) return false;
  const { open } = pairBrackets(head + end);
  return open.some((opener) => opener !== "{");
}

/** Whether the text closes first, of what it has not opened, all that the rest of the line closes. */
function closesRest(text: string, rest: string): boolean {
  const surplus = pairBrackets(text).surplus.map((offset) => text[offset]);
  return /^[)\]}]+$/.test(rest) && surplus.join("").startsWith(rest);
}

function occurs(word: string, { above, head, rest, below }: Place): boolean {
  const found = new RegExp(`(?<![\\p{L}\\p{N}_$])${word.replaceAll("$", "\\$")}(?![\\p{L}\\p{N}_$])`, "u");
  return [head, rest, ...above, ...below].some((line) => found.test(line));
}
