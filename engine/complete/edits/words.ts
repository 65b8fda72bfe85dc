import { isWord } from "../text/index.ts";
import type { DocumentChange } from "./changes.ts";

/** The range that a change replaces, out to the ends of the words that it cuts. */
export function wordsAround(
  text: string,
  { offset, removed }: Pick<DocumentChange, "offset" | "removed">,
): { start: number; end: number } {
  let start = offset;
  while (start > 0 && isWordCharacter(text, start - 1)) start--;
  let end = offset + removed;
  while (end < text.length && isWordCharacter(text, end)) end++;
  return { start, end };
}

/** Surrogate halves belong to a word where their character does: both are taken along. */
const isWordCharacter = (text: string, at: number): boolean => {
  const unit = text.charCodeAt(at);
  if (unit >= 0xdc00 && unit <= 0xdfff && at > 0) return isWord(text.slice(at - 1, at + 1));
  if (unit >= 0xd800 && unit <= 0xdbff) return isWord(text.slice(at, at + 2));
  return isWord(text[at]!) || /\p{M}/u.test(text[at]!);
};

/** Whether a word goes on across an offset. */
export const isInsideWord = (text: string, at: number): boolean =>
  at > 0 && at < text.length && isWordCharacter(text, at - 1) && isWordCharacter(text, at);

export const isSameButWhiteSpace = (a: string, b: string): boolean =>
  a.replace(/\s+/g, "") === b.replace(/\s+/g, "");
