/** Pre-tokenizers by llama.cpp's names; they differ in whether combining marks join the letters before them. */
export type PreTokenizer = "qwen35" | "qwen2";

// Classes of code points; 0 stands for "past the end".
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

// Filled as code points are seen: a load is far cheaper than four property tests.
const classes = new Uint8Array(0x110000);

/**
 * Where the piece that starts at `start` ends, in UTF-16 units. Needs `start < text.length`.
 * The rules are those of llama.cpp's scanner (model.md 7.2), in its order; each returns what its regex would match.
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

  // \s*[\r\n]+ | \s+(?!\S) | \s+
  const end = runEnd(text, start, SPACE);
  for (let last = end; last > start; last--) if (isLineBreak(text.charCodeAt(last - 1))) return last;
  const length = end - start; // white space is one unit a code point
  if (length > 1 && end < text.length) return end - 1;
  return length > 0 ? end : second;
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
  else if (/\p{L}/u.test(char)) found = LETTER;
  else if (/\p{M}/u.test(char)) found = MARK;
  else if (/\p{N}/u.test(char)) found = NUMBER;
  classes[codePoint] = found;
  return found;
}
