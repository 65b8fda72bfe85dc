import { isBlank, lexisOrUsual, type Place, type WrittenRange } from "../text/index.ts";
import type { FilterHints } from "./hints.ts";
import {
  isCommandLanguage,
  isMarkupLanguage,
  isProseLanguage,
  isSentenceLanguage,
  isWordyLanguage,
} from "./languages.ts";
import { literalAt, literalsByReading } from "./literals.ts";
import { readsAsAddress, readsAsFullSentence, readsAsSentence, wordsOf } from "./sentences.ts";

/**
 * Cuts what a chat would say where code is written: fences, and sentences. The place decides: in documents of words, in
 * comments and strings, and between tags they are what is wanted.
 */
export function cutProse(text: string, place: Place, hints: FilterHints): string {
  if (isProseLanguage(hints.languageId) || isAfterTag(place, hints)) return text;
  return cutAtSentence(withoutFences(text, place, hints), place, hints);
}

const FENCE_MARKS = 3;
const FENCE = /(?:^|\n)[ \t]*(?:```|~~~)/;

function withoutFences(text: string, place: Place, hints: FilterHints): string {
  const first = FENCE.exec(text);
  if (!first) return text;
  // A fence itself is no string, whatever its marks are in the language.
  const at = first.index + first[0].length - FENCE_MARKS;
  const literal = literalAt(text, at, place, hints);
  if (literal && literal.start < at) return text;
  const opened = /^\s*(?:```|~~~)[\w+#.-]*[ \t]*\n/.exec(text);
  const body = opened ? text.slice(opened[0].length) : text;
  const fence = FENCE.exec(body);
  return fence ? body.slice(0, fence.index) : body;
}

/** The text before the first line that is a sentence, and no code. */
function cutAtSentence(text: string, place: Place, hints: FilterHints): string {
  if (!mayBeWords(text) || isSentenceLanguage(hints.languageId) || isBelowSentence(place)) return text;
  let start = 0;
  for (const line of text.split("\n")) {
    if (mayBeSentence(line) && isSentenceAt({ text, line, start }, place, hints))
      return text.slice(0, Math.max(0, start - 1));
    start += line.length + 1;
  }
  return text;
}

// From the first letter of a word on: else each letter of a long one is tried, and an end is looked for from each.
const ASCII = /^[\0-\x7f]*$/;
const WORDS =
  /(?<!\p{L})\p{L}[\p{L}'’]*[,.!:]? +\p{L}[\p{L}'’]*[,.!:]? +\p{L}|[^\0-\u07ff]{6}|\p{L}[!.] +\p{Lu}/u;
/** What that is in ASCII: V8 takes 14 ms to compile the other, and most code never needs it. */
const ASCII_WORDS =
  /(?<![A-Za-z])[A-Za-z][A-Za-z']*[,.!:]? +[A-Za-z][A-Za-z']*[,.!:]? +[A-Za-z]|[A-Za-z][!.] +[A-Z]/;

/** Cheap, and false for most code: three words in a row, or six letters of a script that writes without spaces. */
export const mayBeWords = (text: string): boolean => (ASCII.test(text) ? ASCII_WORDS : WORDS).test(text);

function mayBeSentence(line: string): boolean {
  const words = wordsOf(line);
  return mayBeWords(line) && (words.hasWideMark || words.signs <= words.count / 6 + SIGNS_OF_STRINGS);
}

const SIGNS_OF_STRINGS = 2; // a contraction may be read as the start of a string, and code be quoted

interface LineAt {
  readonly text: string;
  readonly line: string;
  readonly start: number;
}

function isSentenceAt({ text, line, start }: LineAt, place: Place, hints: FilterHints): boolean {
  if (isMarkupLanguage(hints.languageId) && !isInScript(text.slice(0, start), place)) return false;
  const range = { start, end: start + line.length };
  const isWhole = start > 0 || isBlank(place.head);
  const judge = (literals: readonly WrittenRange[], isError: boolean | undefined) => {
    const meant = literals.filter((one) => !isApostrophe(place.head + text, place.head.length + one.start));
    return isSentence(withoutRanges(line, start, meant).trim(), { isWhole, isError, hints });
  };
  const written = hints.facts?.written(text);
  const byReading = literalsByReading(text, place, hints.languageId);
  if (!written) return judge(byReading, undefined);
  // The parser sees a part of the file, and no comment where that ends inside one.
  const isError = written.errors.some((error) => overlap(error, range));
  return judge(written.literals, isError) && judge(byReading, isError);
}

interface LineView {
  /** The line has nothing before the suggestion. */
  readonly isWhole: boolean;
  /** Whether the parser cannot read it; undefined without one. */
  readonly isError: boolean | undefined;
  readonly hints: FilterHints;
}

function isSentence(bare: string, { isWhole, isError, hints: { languageId } }: LineView): boolean {
  const words = wordsOf(bare);
  if (isCommandLanguage(languageId) && isWhole && readsAsFullSentence(words)) return true;
  if (isWordyLanguage(languageId)) return isWhole && readsAsAddress(words);
  if (words.hasWideMark) return true;
  if (isError === undefined) return isWhole ? readsAsSentence(words) : readsAsAddress(words);
  // The parser of a style sheet takes any word with a colon for a property.
  if (lexisOrUsual(languageId).lenient && isWhole && readsAsFullSentence(words)) return true;
  // No grammar has names side by side: that the parser cannot read them tells more than any list of words.
  if (!isError || words.isCode || words.signs > words.count / 6) return false;
  return (
    (words.count >= 4 && words.pairs >= 2) ||
    words.isRun ||
    (isWhole && words.count >= 3 && words.isCapital && words.isPunctuated && words.pairs + words.small > 0)
  );
}

/** `you've`, not `f'a'`: a quote after a letter that is no prefix of strings. */
function isApostrophe(text: string, at: number): boolean {
  if (text[at] !== "'") return false;
  const word = /[\p{L}\p{N}_]*$/u.exec(text.slice(Math.max(0, at - 16), at))![0];
  return word !== "" && !/^(?:[rbfu]{1,2}|u8|[LUR])$/i.test(word);
}

const overlap = (a: WrittenRange, b: WrittenRange): boolean => a.start < b.end && b.start < a.end;

function withoutRanges(line: string, start: number, ranges: readonly WrittenRange[]): string {
  let bare = line;
  for (const range of ranges.toReversed()) {
    const from = Math.max(0, range.start - start);
    const to = Math.min(line.length, range.end - start);
    if (from < to) bare = bare.slice(0, from) + bare.slice(to);
  }
  return bare;
}

const SCRIPT = /<(?:script|style)\b[^>]*>|<\?(?:php|=)?|<%|<\/(?:script|style)>|\?>|%>/gi;

/** Whether code follows `text` in markup, and no words between tags. */
function isInScript(text: string, { above, head }: Place): boolean {
  const last = [...above, head + text].join("\n").match(SCRIPT)?.at(-1);
  return last !== undefined && !/^(?:<\/|\?|%)/.test(last);
}

const SENTENCE_LINES = 4; // of which one tells

/** Whether a line just above the cursor is a sentence without a mark of a comment or string: a long comment, or a text. */
function isBelowSentence({ above, head }: Place): boolean {
  if (!isBlank(head)) return false;
  for (const line of above.slice(-SENTENCE_LINES).reverse()) {
    if (!/^\s*\p{L}[^"'`]*$/u.test(line)) return false;
    const words = wordsOf(line.trim());
    if (words.signs === 0 && !words.isCode && words.small > 0 && words.pairs >= 2 && words.count >= 6)
      return true;
  }
  return false;
}

/** Text of an element that is not closed yet, which a parser takes for code. */
function isAfterTag({ above, head }: Place, { languageId = "" }: FilterHints): boolean {
  if (!languageId.endsWith("react")) return false;
  const before = [...above.slice(-8), head].join("\n");
  return /<[A-Za-z](?:[^<>{}=]|=>|=\{[^{}]*\}|=)*>[^<>{}]*$/.test(before) && !/=>[^<>]*$/.test(before);
}
