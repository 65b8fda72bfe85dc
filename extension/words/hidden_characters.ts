// Characters that no reader sees, or that turn the order in which a line is read (“Trojan Source”, CVE-2021-42574):
// controls but tabs and line ends, marks of direction, spaces without width, fillers, tags. Joiners (U+200C, U+200D) and
// variation selectors are no such: scripts and emoji need them.
const HIDDEN =
  /(?![\t\n\r\f])[\p{Cc}\p{Zl}\p{Zp}\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\u{e0000}-\u{e007f}]/gu;

const nameOf = (character: string): string =>
  `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`;

/** The names (`U+202E`) of the hidden characters that `text` has and `known` has not; each once, in the order of the text. */
export function hiddenCharacters(text: string, known = ""): string[] {
  const found = new Set(text.match(HIDDEN));
  return [...found].filter((character) => !known.includes(character)).map(nameOf);
}

/** The text with the names of its hidden characters in their places, so that it is read as it is. */
export const withHiddenShown = (text: string): string =>
  text.replace(HIDDEN, (character) => `⟨${nameOf(character)}⟩`);
