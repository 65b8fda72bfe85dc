/** Pre-tokenizers by llama.cpp's names; they differ in whether combining marks join the letters before them. */
export type PreTokenizer = "qwen35" | "qwen2";

// Classes of code points; 0 means "past the end".
const LETTER = 1;
const MARK = 2;
const NUMBER = 4;
const SPACE = 8;
const OTHER = 16; // punctuation, symbols, controls, unassigned, lone surrogates

const LF = 0x0a;
const CR = 0x0d;
const BLANK = 0x20;
const APOSTROPHE = 0x27;

// llama.cpp's list of 25: unlike JavaScript's \s it has U+0085 and lacks U+FEFF.
const WHITE_SPACE = /[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

// Letters, marks and numbers that Unicode has since 16.0: llama.cpp's tables are those of 15.1, which lack them, and
// the runtime's are older or newer. So ids do not depend on the runtime.
const SINCE_UNICODE_16 =
  // biome-ignore lint/suspicious/noMisleadingCharacterClass: ranges of code points, including combining ones
  /[\u088f-\u0897\u0c5c\u0cdc\u1acf-\u1aeb\u1c89-\u1c8a\ua7cb-\ua7cf\ua7d2\ua7d4\ua7da-\ua7f1\u{105c0}-\u{105f3}\u{10940}-\u{10959}\u{10d40}-\u{10d85}\u{10ec2}-\u{10efc}\u{11380}-\u{113e2}\u{116d0}-\u{116e3}\u{11b60}-\u{11bf9}\u{11db0}-\u{11de9}\u{11f5a}\u{13460}-\u{143fa}\u{16100}-\u{16139}\u{16d40}-\u{16d79}\u{16ea0}-\u{16ed3}\u{16ff2}-\u{16ff6}\u{187f8}-\u{187ff}\u{18cff}\u{18d09}-\u{18df2}\u{1ccf0}-\u{1ccf9}\u{1e5d0}-\u{1e6ff}\u{2b73a}-\u{2b73f}\u{2cea2}-\u{2cead}\u{323b0}-\u{33479}]/u;

// Filled as code points are seen: a load is far cheaper than four property tests.
const classes = new Uint8Array(0x110000);

/**
 * Where the piece that starts at `start` ends, in UTF-16 units. Needs `start < text.length`.
 * The rules are those of llama.cpp's scanner (NETWORK.md 7.2), in its order; each returns what its regex would match.
 * A piece depends on nothing before `start`, so a text splits by calling this again from each end.
 */
export function pieceEnd(text: string, start: number, pre: PreTokenizer): number {
  const word = pre === "qwen35" ? LETTER | MARK : LETTER;
  const punctuation = pre === "qwen35" ? OTHER : OTHER | MARK;
  const first = text.codePointAt(start)!;
  const firstClass = classOf(first);
  const second = start + width(first);

  // '[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]
  if (first === APOSTROPHE) {
    const end = contractionEnd(text, start);
    if (end > start) return end;
  }

  // [^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+
  if (first !== CR && first !== LF && firstClass !== NUMBER) {
    if (firstClass & word || classAt(text, second) & word) return runEnd(text, second, word);
  }

  if (firstClass === NUMBER) return second;

  // <space>?[^\s\p{L}\p{M}\p{N}]+[\r\n]*
  const bodyStart = first === BLANK ? second : start;
  if (classAt(text, bodyStart) & punctuation) {
    let end = runEnd(text, bodyStart, punctuation);
    while (isLineBreak(text.charCodeAt(end))) end++;
    return end;
  }

  const end = spaceEnd(text, start);
  return end > start ? end : second;
}

/** `\s*[\r\n]+ | \s+(?!\S) | \s+`: where that ends; `start` if no white space is there. */
function spaceEnd(text: string, start: number): number {
  const end = runEnd(text, start, SPACE);
  for (let last = end; last > start; last--) if (isLineBreak(text.charCodeAt(last - 1))) return last;
  return end - start > 1 && end < text.length ? end - 1 : end; // white space is one unit a code point
}

/** Whether all of [start, end) is white space by the pre-tokenizer's list. */
export function isWhiteSpace(text: string, start: number, end: number): boolean {
  return runEnd(text, start, SPACE) >= end;
}

/** Only ASCII letters have s, t, m, d, r, v, e or l as their lower case, so no Unicode table is needed. */
function contractionEnd(text: string, start: number): number {
  const one = lower(text.charCodeAt(start + 1));
  if (one === "s" || one === "t" || one === "m" || one === "d") return start + 2;
  const two = one + lower(text.charCodeAt(start + 2));
  return two === "re" || two === "ve" || two === "ll" ? start + 3 : start;
}

function lower(unit: number): string {
  return unit < 0x80 ? String.fromCharCode(unit).toLowerCase() : "";
}

function runEnd(text: string, start: number, mask: number): number {
  let end = start;
  while (end < text.length) {
    const codePoint = text.codePointAt(end)!;
    if (!(classOf(codePoint) & mask)) break;
    end += width(codePoint);
  }
  return end;
}

function isLineBreak(unit: number): boolean {
  return unit === CR || unit === LF;
}

function width(codePoint: number): number {
  return codePoint > 0xffff ? 2 : 1;
}

function classAt(text: string, index: number): number {
  return index < text.length ? classOf(text.codePointAt(index)!) : 0;
}

function classOf(codePoint: number): number {
  return classes[codePoint] || classify(codePoint);
}

function classify(codePoint: number): number {
  const char = String.fromCodePoint(codePoint);
  let found = OTHER;
  if (WHITE_SPACE.test(char)) found = SPACE;
  else if (SINCE_UNICODE_16.test(char)) found = OTHER;
  else if (/\p{L}/u.test(char)) found = LETTER;
  else if (/\p{M}/u.test(char)) found = MARK;
  else if (/\p{N}/u.test(char)) found = NUMBER;
  classes[codePoint] = found;
  return found;
}
