import { isOneCharacter, type Place } from "../text/index.ts";

// Marks of no script of their own, and the parts of emoji. A vowel sign of Thai or Hindi is what people type next.
const CHANGES_THE_CHARACTER_BEFORE = /^[\p{Script=Inherited}\p{Script=Common}]/u;

// What its language has once in a character: `ि` after `ि` says the character before the cursor again.
const saysSignAgain = (head: string, text: string): boolean =>
  /^\p{M}/u.test(text) && head.endsWith(String.fromCodePoint(text.codePointAt(0)!));

/** Drops what would become one character with the text before the cursor or after it: an accent, half an emoji. */
export function dropHalfCharacter(text: string, { head, rest }: Place): string {
  const changes = CHANGES_THE_CHARACTER_BEFORE.test(text) || saysSignAgain(head, text);
  if (changes && isOneCharacter(head, text)) return "";
  return isOneCharacter(text, rest) ? "" : text;
}
