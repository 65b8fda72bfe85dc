/** A word, a number or one mark, and where it is in the text that it was read from. */
export interface Token {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const WORD_OR_MARK = /[\p{L}\p{N}\p{M}_$]+|\S/gu;
// White space within a string is part of it: `join(' ')` is not `join('')`. An apostrophe in prose may begin one too:
// the comparison is then stricter than it need be.
const STRING_WORD_OR_MARK =
  /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\\n]|\\.)*`|[\p{L}\p{N}\p{M}_$]+|\S/gu;

/** The words and marks of a text, without the white space between them; no language is known. */
export function tokensOf(text: string): Token[] {
  return [...text.matchAll(WORD_OR_MARK)].map(({ 0: token, index }) => ({
    text: token,
    start: index,
    end: index + token.length,
  }));
}

export function isWord(token: string): boolean {
  return /^[\p{L}\p{N}_$]/u.test(token);
}

/** Whether there is a word in a text that begins with a letter: rows of numbers (`0x00`) and rulers may well repeat. */
export function hasName(text: string): boolean {
  return /(?<![\p{L}\p{N}_])[\p{L}_$]*\p{L}/u.test(text);
}

/** A line's tokens, each string as one, without the `;` and `,` at its end. */
export function lineTokens(line: string): string[] {
  const tokens: string[] = line.match(STRING_WORD_OR_MARK) ?? [];
  while (/^[;,]$/.test(tokens.at(-1) ?? "")) tokens.pop();
  return tokens;
}

/**
 * The lengths of the longest proper prefix of `items[0..end]` that is its suffix too, for each `end`: a part of length n
 * repeats itself with a period of n − lengths[n − 1]. Takes time in proportion to the number of items.
 */
export function borders<T>(items: ArrayLike<T>): number[] {
  const lengths: number[] = [];
  for (let end = 0, length = 0; end < items.length; end++) {
    while (length > 0 && items[end] !== items[length]) length = lengths[length - 1]!;
    if (end > 0 && items[end] === items[length]) length++;
    lengths.push(length);
  }
  return lengths;
}
