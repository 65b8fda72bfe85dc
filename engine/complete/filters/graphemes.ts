import { isOneCharacter, type Place } from "../text/index.ts";

// Marks of no script of their own, and the parts of emoji. A vowel sign of Thai or Hindi is what people type next.
const CHANGES_THE_CHARACTER_BEFORE = /^[\p{Script=Inherited}\p{Script=Common}]/u;

/** Drops what would become one character with the text before the cursor or after it: an accent, half an emoji. */
export function dropHalfCharacter(text: string, { head, rest }: Place): string {
  if (CHANGES_THE_CHARACTER_BEFORE.test(text) && isOneCharacter(head, text)) return "";
  return isOneCharacter(text, rest) ? "" : text;
}
