import type { Question, Silence } from "../contract.ts";
import { isOneCharacter, textBetween } from "../text/index.ts";

const WINDOW = 128; // UTF-16 units each way

/** Nothing is inserted inside a character: an accent would move to another letter, an emoji would fall apart. */
export function insideCharacter({ document, cursor }: Question): Silence | null {
  const before = textBetween(document, cursor - WINDOW, cursor);
  const after = textBetween(document, cursor, cursor + WINDOW);
  // A mark at a line's start has no letter, and takes the next text that comes before it.
  if (!isOneCharacter(before, after) && !/^[\p{M}\u200d]/u.test(after)) return null;
  return {
    id: "inside-character",
    problem: "The cursor is inside a character, which several code units make up",
    advice: "move it to the character's end",
  };
}
