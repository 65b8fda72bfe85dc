import { CLASS, classAt, classOf, runEnd, width } from "./characters.ts";

/** How one of the scanned pre-tokenizers differs from the others. */
export interface ScannerRules {
  /** Whether combining marks join the letters before them. */
  readonly marks: boolean;
  /** Digits of a piece, at most. */
  readonly digits: number;
  /** Whether punctuation takes the line breaks after it. */
  readonly breaks: boolean;
}

const { letter: LETTER, mark: MARK, number: NUMBER, space: SPACE, other: OTHER } = CLASS;
const LF = 0x0a;
const CR = 0x0d;
const BLANK = 0x20;
const APOSTROPHE = 0x27;

/**
 * Where the piece that starts at `start` ends, in UTF-16 units. Needs `start < text.length`.
 * The rules are those of llama.cpp's scanner (NETWORK.md 7.2), in its order; each returns what its regex would match.
 * A piece depends on nothing before `start`, so a text splits by calling this again from each end.
 */
export function pieceEnd(text: string, start: number, { marks, digits, breaks }: ScannerRules): number {
  const word = marks ? LETTER | MARK : LETTER;
  const punctuation = marks ? OTHER : OTHER | MARK;
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

  if (firstClass === NUMBER) return digits === 1 ? second : runEnd(text, start, NUMBER, digits);

  // <space>?[^\s\p{L}\p{M}\p{N}]+[\r\n]*
  const bodyStart = first === BLANK ? second : start;
  if (classAt(text, bodyStart) & punctuation) {
    let end = runEnd(text, bodyStart, punctuation);
    while (breaks && isLineBreak(text.charCodeAt(end))) end++;
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

function isLineBreak(unit: number): boolean {
  return unit === CR || unit === LF;
}
