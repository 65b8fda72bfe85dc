import type { DocumentChange } from "../engine/complete/lifecycle.ts";

const PAIRS = ["()", "[]", "{}", '""', "''", "``", "<>"];

/**
 * Keys that a change was made with: one for a character, for a bracket that the editor closed, or for Enter with the
 * indentation that the editor adds. Pasted and inserted text was not typed.
 */
export function typedCharacters(changes: readonly DocumentChange[]): number {
  if (changes.length !== 1) return 0;
  const { inserted } = changes[0]!;
  const isKey = [...inserted].length === 1 || PAIRS.includes(inserted) || /^\r?\n[ \t]*$/.test(inserted);
  return isKey ? 1 : 0;
}
