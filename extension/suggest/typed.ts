import type { DocumentChange } from "../../engine/complete/index.ts";
import { isKey } from "../../engine/complete/index.ts";

/** Keys that a change was made with: one or none. Pasted text, inserted text and changes of several places were not typed. */
export const typedCharacters = (changes: readonly DocumentChange[]): number =>
  changes.length === 1 && isKey(changes[0]!.inserted) ? 1 : 0;
