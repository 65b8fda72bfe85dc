// Classes of characters as llama.cpp's tables have them, those of Unicode 15.1: ids must not depend on the runtime's version.

/** Classes of code points, as bits of a mask. */
export const CLASS = {
  letter: 1,
  mark: 2,
  number: 4,
  space: 8,
  /** Punctuation, symbols, controls, unassigned, lone surrogates. */
  other: 16,
} as const;

// llama.cpp's list of 25: unlike JavaScript's \s it has U+0085 and lacks U+FEFF.
const SPACE = String.raw`\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000`;

// Letters, marks and numbers that Unicode has since 16.0, and the punctuation among them.
const SINCE_UNICODE_16 = String.raw`\u088f-\u0897\u0c5c\u0cdc\u1acf-\u1aeb\u1c89-\u1c8a\ua7cb-\ua7cf\ua7d2\ua7d4\ua7da-\ua7f1\u{105c0}-\u{105f3}\u{10940}-\u{10959}\u{10d40}-\u{10d85}\u{10ec2}-\u{10efc}\u{11380}-\u{113e2}\u{116d0}-\u{116e3}\u{11b60}-\u{11bf9}\u{11db0}-\u{11de9}\u{11f5a}\u{13460}-\u{143fa}\u{16100}-\u{16139}\u{16d40}-\u{16d79}\u{16ea0}-\u{16ed3}\u{16ff2}-\u{16ff6}\u{187f8}-\u{187ff}\u{18cff}\u{18d09}-\u{18df2}\u{1ccf0}-\u{1ccf9}\u{1e5d0}-\u{1e6ff}\u{2b73a}-\u{2b73f}\u{2cea2}-\u{2cead}\u{323b0}-\u{33479}`;
const PUNCTUATION_SINCE_16 = String.raw`\u1b4e\u1b4f\u1b7f\u{10ed0}`;

/** Parts of regular expressions with the flag `v`, each one class of characters: letters, numbers, punctuation, white space. */
export const SETS = {
  L: `[\\p{L}--[${SINCE_UNICODE_16}]]`,
  N: `[\\p{N}--[${SINCE_UNICODE_16}]]`,
  P: `[\\p{P}--[${SINCE_UNICODE_16}${PUNCTUATION_SINCE_16}]]`,
  S: `[${SPACE}]`,
} as const;

const IS_SPACE = new RegExp(`[${SPACE}]`, "u");
const IS_NEW = new RegExp(`[${SINCE_UNICODE_16}]`, "u");

// Filled as code points are seen: a load is far cheaper than four property tests.
const classes = new Uint8Array(0x110000);

export function classOf(codePoint: number): number {
  return classes[codePoint] || classify(codePoint);
}

/** The class of the character at `index`; 0 means "past the end". */
export function classAt(text: string, index: number): number {
  return index < text.length ? classOf(text.codePointAt(index)!) : 0;
}

/** Where a run of at most `most` characters of the classes in `mask` ends. */
export function runEnd(
  text: string,
  start: number,
  mask: number,
  most: number = Number.POSITIVE_INFINITY,
): number {
  let end = start;
  for (let left = most; left > 0 && end < text.length; left--) {
    const codePoint = text.codePointAt(end)!;
    if (!(classOf(codePoint) & mask)) break;
    end += width(codePoint);
  }
  return end;
}

/** Whether all of [start, end) is white space. */
export function isWhiteSpace(text: string, start: number, end: number): boolean {
  return runEnd(text, start, CLASS.space) >= end;
}

/** UTF-16 units of a code point. */
export function width(codePoint: number): number {
  return codePoint > 0xffff ? 2 : 1;
}

function classify(codePoint: number): number {
  const char = String.fromCodePoint(codePoint);
  let found: number = CLASS.other;
  if (IS_SPACE.test(char)) found = CLASS.space;
  else if (IS_NEW.test(char)) found = CLASS.other;
  else if (/\p{L}/u.test(char)) found = CLASS.letter;
  else if (/\p{M}/u.test(char)) found = CLASS.mark;
  else if (/\p{N}/u.test(char)) found = CLASS.number;
  classes[codePoint] = found;
  return found;
}
