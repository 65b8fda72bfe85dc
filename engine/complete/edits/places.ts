import { exactly, isWord, lineStartOf, type Pieces, type Token, tokensOf } from "../text/index.ts";
import { isInsideWord } from "./words.ts";

/** A text by its tokens, wherever white space between them is more or less; [from, to) of the document. */
export interface Found {
  readonly start: number;
  readonly end: number;
}

const MAX_FOUND = 500; // what stands so often is no name, and a pause is not long enough to look at all of it
const LOOKED_AT = 200; // places of a piece

/** Where a text stands as whole tokens. */
export function* placesOf(text: string, old: string): Pieces<Found[]> {
  const found: Found[] = [];
  const [first] = tokensOf(old);
  if (!first) return found;
  const pattern = patternOf(old);
  let looked = 0;
  for (let at = text.indexOf(first.text); at !== -1 && found.length < MAX_FOUND; ) {
    pattern.lastIndex = at;
    const end = at + (pattern.exec(text)?.[0].length ?? 0);
    if (end > at && !isInsideWord(text, at) && !isInsideWord(text, end)) found.push({ start: at, end });
    at = text.indexOf(first.text, Math.max(end, at + 1));
    if (++looked % LOOKED_AT === 0) yield;
  }
  return found;
}

/** It matches at its `lastIndex` alone. */
function patternOf(old: string): RegExp {
  const tokens = tokensOf(old);
  const source = tokens.map(({ text, start }, index) => {
    const before = tokens[index - 1];
    const gap = before && before.end < start ? String.raw`\s+` : "";
    return gap + exactly(text);
  });
  return new RegExp(source.join(""), "yu");
}

/** Whether a place is part of the new text already: `a` in `a.b`, where `a` gave way to `a.b`. */
export function standsAlready(text: string, { start }: Found, old: string, fresh: string): boolean {
  for (let at = fresh.indexOf(old); at !== -1; at = fresh.indexOf(old, at + 1))
    if (start >= at && text.startsWith(fresh, start - at)) return true;
  return false;
}

export interface Surroundings {
  /** Nearest first, of the same line. */
  readonly left: readonly Token[];
  readonly right: readonly Token[];
}

const NEAR = 200; // characters of a line each way

/** The tokens beside a range. Their offsets are the document's. */
export function surroundingsOf(text: string, { start, end }: Found): Surroundings {
  const lineStart = Math.max(lineStartOf(text, start), start - NEAR);
  const nextLine = text.indexOf("\n", end);
  const lineEnd = Math.min(nextLine === -1 ? text.length : nextLine, end + NEAR);
  const moved = (from: number) => (token: Token) => ({
    ...token,
    start: token.start + from,
    end: token.end + from,
  });
  return {
    left: tokensOf(text.slice(lineStart, start)).map(moved(lineStart)).reverse(),
    right: tokensOf(text.slice(end, lineEnd)).map(moved(end)),
  };
}

export const wordsOf = (text: string): string[] =>
  tokensOf(text)
    .map((token) => token.text)
    .filter(isWord);
