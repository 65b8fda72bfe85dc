import {
  borders,
  hasName,
  isBlank,
  isWord,
  linesOf,
  type Place,
  pairBrackets,
  type Token,
  tokensOf,
} from "../text/index.ts";

// A model in a loop writes the same until its tokens are used up. One round of a loop is kept, two of a single line: the
// user may have wanted that. Nothing is left of a line that would not be whole.

/** Drops what only repeats the lines above, and cuts loops: of lines, of words, and within one word. */
export function cutRepetition(text: string, place: Place): string {
  if (repeatsLinesAbove(text, place)) return "";
  return cutUnfinishedCopy(cutWordLoop(cutTokenLoop(cutCommentLoop(cutLineLoop(text, place), place))));
}

const MAX_PERIOD = 4; // lines
const MAX_COPIES = 2; // of the same lines in a row, those above the cursor included

/** Whether a suggestion has only the lines just above the cursor, once too often. */
function repeatsLinesAbove(text: string, { above, head }: Place): boolean {
  const earlier = above.filter((line) => !isBlank(line)).map((line) => line.trimEnd());
  const lines = linesOf(text, head).map((line) => line.whole);
  if (!lines.some(hasName)) return false; // rows of numbers, closing brackets
  for (let period = 1; period <= Math.min(MAX_PERIOD, earlier.length); period++) {
    const unit = earlier.slice(-period);
    const repeats = lines.every((line, index) => {
      const expected = unit[index % period]!;
      // Only the last line may have been cut short by the token limit.
      return line === expected || (index === lines.length - 1 && expected.startsWith(line));
    });
    if (!repeats) continue;
    let copies = Math.floor(lines.filter((line, index) => line === unit[index % period]).length / period);
    if (copies === 0) continue;
    for (let end = earlier.length; end >= period; end -= period) {
      if (!unit.every((line, index) => earlier[end - period + index] === line)) break;
      copies++;
    }
    if (copies > MAX_COPIES) return true;
  }
  return false;
}

/** Leaves two of three or more equal lines in a row, and one of three or more equal blocks. */
function cutLineLoop(text: string, { head }: Place): string {
  const lines = linesOf(text, head);
  for (let from = 0; from < lines.length; from++)
    for (let period = 1; period * 2 < lines.length - from; period++) {
      if (!isLineLoop(lines, from, period)) continue;
      return text.slice(0, lines[from + (period === 1 ? 2 : period)]!.start);
    }
  return text;
}

/** Whether a block of `period` lines comes three times, or twice and once more as far as the text goes. */
function isLineLoop(lines: readonly { whole: string }[], from: number, period: number): boolean {
  const end = from + 3 * period;
  if (end > lines.length && period < 3) return false;
  if (!lines.slice(from, from + period).some(({ whole }) => hasName(whole))) return false; // brackets, rows of numbers
  for (let index = from + period; index < Math.min(end, lines.length); index++) {
    const { whole } = lines[index]!;
    const expected = lines[index - period]!.whole;
    const isCutOff = index === lines.length - 1 && expected.startsWith(whole);
    if (whole !== expected && !isCutOff) return false;
  }
  return true;
}

/** Cuts a comment that says the same again behind another mark: `// TODO // TODO`. */
function cutCommentLoop(text: string, { head }: Place): string {
  const mark = /^\s*(\/\/|#|--)/.exec(head)?.[1];
  if (mark === undefined) return text;
  const [first, second] = text.split("\n", 1)[0]!.split(mark);
  const said = (head.slice(head.indexOf(mark) + mark.length) + first).trim();
  return said !== "" && second?.trim() === said ? first!.trimEnd() : text;
}

const SHORT_PERIOD = 10; // tokens
const SHORT_LOOP = 30; // tokens of a loop with a short period: a list of three equal things is none
const SHORTEST_ROUNDS = 12; // of a period of one or two tokens
const NUMBERS = 100; // tokens: arrays of zeros are longer than other loops, and right
const ROUNDS = 2.5; // of a loop with a long period

/** Cuts the words and marks that the text repeats up to its end after their first round. */
function cutTokenLoop(text: string): string {
  const tokens = tokensOf(text);
  // The token limit may have cut the last word.
  const loop = loopAtEnd(tokens) ?? loopAtEnd(tokens.slice(0, -1));
  if (!loop) return text;
  const second = tokens[loop.from + loop.period]!;
  return cutToWhole(text, second.start);
}

interface Loop {
  /** Index of the token where the first round begins. */
  readonly from: number;
  readonly period: number;
}

function loopAtEnd(tokens: readonly Token[]): Loop | undefined {
  const words = tokens.map(({ text }) => text).reverse();
  const lengths = borders(words);
  for (let length = words.length; length >= SHORTEST_ROUNDS; length--) {
    const period = length - lengths[length - 1]!;
    const round = words.slice(length - period, length);
    const least = period > SHORT_PERIOD ? period * ROUNDS : Math.min(SHORT_LOOP, period * SHORTEST_ROUNDS);
    if (length < least || !round.some((token) => isWord(token) || /[([{]/.test(token))) continue; // a ruler: -----
    if (round.some((token) => /^\d/.test(token)) && !round.some(hasName) && length < NUMBERS) continue;
    return { from: words.length - length, period };
  }
  return undefined;
}

/** The text before an offset, without a separator at its end; without its last line if that is not whole there. */
function cutToWhole(text: string, offset: number): string {
  const round = text.slice(0, offset).trimEnd();
  const lineStart = round.lastIndexOf("\n") + 1;
  const sameLine = !text.slice(round.length, offset).includes("\n");
  // A member is glued to what it is of; a dot before white space ends a sentence.
  const separator =
    round.length === offset ? /\s*(?:[,+*|&.:?>-]+|\b(?:and|or))$/ : /\s*(?:[,+*|&-]+|\b(?:and|or))$/;
  const kept = sameLine ? round.replace(separator, "") : round;
  const line = kept.slice(lineStart);
  const unclosed = pairBrackets(line).open.length > 0 || /^[^"]*"[^"]*$/.test(line);
  return sameLine && unclosed ? text.slice(0, Math.max(0, lineStart - 1)) : kept;
}

const COPY = 12; // tokens: two statements may begin with the same few
const COPY_BEHIND = 4; // tokens behind several lines, on the last of them: there no statement begins

/** Cuts a second copy of all that the text has, where it has no end: what it opens would stay open. */
function cutUnfinishedCopy(text: string): string {
  const tokens = tokensOf(text);
  // The token limit may have cut the last word.
  const second = secondRound(tokens) ?? secondRound(tokens.slice(0, -1));
  if (!second) return text;
  const first = text.slice(0, second.start);
  const copy = text.slice(second.start);
  const isBehind = first.includes("\n") && !/\n\s*$/.test(first);
  const isCopy = tokensOf(copy).length >= (isBehind ? COPY_BEHIND : COPY) && hasName(copy);
  const isUnfinished = pairBrackets(first).open.length === 0 && pairBrackets(copy).open.length > 0;
  return isCopy && isUnfinished ? first.trimEnd() : text;
}

/** Where tokens begin that say all tokens again, as far as they go. */
function secondRound(tokens: readonly Token[]): Token | undefined {
  const length = borders(tokens.map(({ text }) => text)).at(-1) ?? 0;
  return length > 0 ? tokens[tokens.length - length] : undefined;
}

const WORD_LOOP = 40; // characters without white space
const WORD_ROUNDS = 4;
const CLOSED_LOOP = 64; // characters of a loop that the model has ended itself, with a quote
const CLOSED_ROUNDS = 16;
const DIGITS = 80; // characters: hashes and numbers of one digit are up to 64 long

/** Cuts before the line with a word that repeats a few characters: `haha…`, base64 of nothing. */
function cutWordLoop(text: string): string {
  let start = 0;
  for (const line of text.split("\n")) {
    if (hasWordLoop(line)) return text.slice(0, Math.max(0, start - 1));
    start += line.length + 1;
  }
  return text;
}

function hasWordLoop(line: string): boolean {
  const [, word, closers] = /(\S*?)(["'`)\]};,]{0,4})$/.exec(line.slice(-MAX_WORD))!;
  const closed = closers !== "";
  const { length, period } = loopOfCharacters(word!, closed);
  return length > 0 && isWordLoop(word!.slice(-period), length, closed);
}

const MAX_WORD = 4096; // characters: no answer is longer

/** The longest end of a word that repeats itself often enough; length 0 where there is none. */
function loopOfCharacters(word: string, closed: boolean): { length: number; period: number } {
  const characters = [...word].reverse();
  const lengths = borders(characters);
  const least = closed ? CLOSED_LOOP : WORD_LOOP;
  for (let length = characters.length; length >= least; length--) {
    const period = length - lengths[length - 1]!;
    if (length >= period * (closed ? CLOSED_ROUNDS : WORD_ROUNDS)) return { length, period };
  }
  return { length: 0, period: 0 };
}

function isWordLoop(round: string, length: number, closed: boolean): boolean {
  if (!/[\p{L}\p{N}]/u.test(round)) return false; // a ruler
  const oneDigit = /^(?:\d+|[fF]+)$/.test(round);
  return oneDigit ? !closed && length >= DIGITS : hasName(round);
}
