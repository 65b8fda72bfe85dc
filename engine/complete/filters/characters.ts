import { isBlank, type Place, scan, USUAL } from "../text/index.ts";
import { insertionAt } from "./closers.ts";
import type { FilterHints } from "./hints.ts";
import { isProseLanguage } from "./languages.ts";
import { literalAt } from "./literals.ts";

// What follows is by Unicode category, so that no character needs a name here.
//
// The text ends before a character that has no place in source text, because what a model writes after one is not to be
// trusted: control characters but tab and line feed (Cc), halves of characters (Cs, U+FFFD), unassigned and private ones
// (Cn, Co), other line ends (Zl, Zp), and the marks that make code read otherwise than it runs (bidirectional
// embeddings, overrides and isolates). Where a word or a statement would be left in two, that mark and another line end take it
// with them, because what follows them may be hidden from the user; any other is taken out.
//
// A character that merely does not show (the rest of Cf, what Unicode has as ignorable by default, an empty Braille cell) is
// taken out: what is left is what the user sees. Scripts and emoji keep those that they need. In code, a space of another
// width becomes a plain one: Python, C and others refuse it.
const NO_TEXT =
  /(?![\t\n]|\p{Extended_Pictographic})[\p{Cc}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069\ufffd]/u;
const MISLEADS = /[\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;
const ORDINARY = /^[\t\n\x20-\x7e]*$/;
const INVISIBLE = /[\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]/u;
const OTHER_SPACE = /(?! )\p{Zs}/gu;

/** The text without the characters that do not belong in source text. */
export function cleanCharacters(text: string, place: Place, hints: FilterHints): string {
  if (ORDINARY.test(text)) return text;
  return withPlainSpaces(withoutInvisible(cutAtNoText(text, 0, place, hints), place, hints), place, hints);
}

function withPlainSpaces(text: string, place: Place, hints: FilterHints): string {
  if (isProseLanguage(hints.languageId)) return text;
  return text.replace(OTHER_SPACE, (space, at: number) =>
    literalAt(text, at, place, hints) === undefined ? " " : space,
  );
}

/** @param from the offset of what is not yet looked at */
function cutAtNoText(text: string, from: number, place: Place, hints: FilterHints): string {
  const found = NO_TEXT.exec(text.slice(from));
  if (!found) return text;
  const { above, head, rest, below } = place;
  const at = from + found.index;
  const next = at + found[0].length;
  // Icons of a font, and page breaks, are an author's habit.
  const isHabit =
    /[\p{Co}\f]/u.test(found[0]) && [...above, head + rest, ...below].some((line) => line.includes(found[0]));
  if (isHabit) return cutAtNoText(text, next, place, hints);
  const cut = text.slice(0, at);
  const inWord = /[\p{L}\p{N}_]$/u.test(cut) && /^[\p{L}\p{N}_]/u.test(text.slice(next));
  if (isBlank(cut) || (!inWord && isWhole(cut, place, hints))) return cut;
  if (!MISLEADS.test(found[0])) return cutAtNoText(cut + text.slice(next), at, place, hints);
  return wholeLines(cut, place, hints);
}

/** The most lines of a text that are whole, without its last one. */
function wholeLines(text: string, place: Place, hints: FilterHints): string {
  let lines = text;
  do lines = lines.slice(0, Math.max(0, lines.lastIndexOf("\n")));
  while (!isBlank(lines) && !isWhole(lines, place, hints));
  return lines;
}

/** Whether a text opens nothing that it does not close, and is no worse code than none; what no hint tells is. */
function isWhole(text: string, place: Place, hints: FilterHints): boolean {
  const { lexis, before } = insertionAt(text, place, hints);
  const isOpen = scan(lexis, before + text).open.some(
    (frame) => frame.at >= before.length && !(frame.kind === "region" && isLineComment(frame.region)),
  );
  if (lexis !== USUAL && isOpen) return false;
  const errors = hints.facts?.errorsWith(text);
  const without = hints.facts?.errorsWith("");
  return errors === undefined || without === undefined || errors <= without;
}

const isLineComment = ({ kind, lines }: { readonly kind: string; readonly lines?: boolean }): boolean =>
  kind === "comment" && lines !== true;

function withoutInvisible(text: string, place: Place, hints: FilterHints): string {
  if (!INVISIBLE.test(text)) return text;
  const characters = Array.from(text);
  let cleaned = "";
  let offset = 0;
  let before = lastOf(place.head);
  for (const [index, character] of characters.entries()) {
    const after = characters[index + 1] ?? firstOf(place.rest);
    const keep =
      !INVISIBLE.test(character) ||
      isNeeded(character, before, after, place.head + cleaned) ||
      isWritten(character, offset, text, place, hints);
    if (keep) {
      cleaned += character;
      before = character;
    }
    offset += character.length;
  }
  return cleaned;
}

const lastOf = (text: string): string => Array.from(text.slice(-2)).at(-1) ?? "";
const firstOf = (text: string): string => Array.from(text.slice(0, 2))[0] ?? "";

// The scripts whose letters change their shape beside a joiner or a non-joiner.
const JOINING =
  /[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}\p{Script=Nko}\p{Script=Mandaic}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}\p{Script=Javanese}\p{Script=Balinese}]/u;
const EMOJI_PART = /\p{Extended_Pictographic}|\p{Emoji_Modifier}|\ufe0f|\u{e007f}/u;
// Signs of Cf that show, since they enclose digits or words, and those of hieroglyphs.
const SHOWN = /[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd}\u{13430}-\u{1343f}]/u;
const FLAG_OF_TAGS = /\u{1f3f4}[\u{e0020}-\u{e007e}]*$/u;

/** Whether the script or the emoji around it needs the character. */
function isNeeded(character: string, before: string, after: string, written: string): boolean {
  if (SHOWN.test(character)) return true;
  if (character === "\u200d" && EMOJI_PART.test(before)) return /\p{Extended_Pictographic}/u.test(after);
  if (/[\u200c\u200d]/.test(character))
    return JOINING.test(before) && (JOINING.test(after) || /\p{M}/u.test(before));
  if (/[\ufe0e\ufe0f]/.test(character))
    return /\p{Emoji}/u.test(before) && (!/[\d#*]/.test(before) || after === "\u20e3");
  if (/[\u{e0020}-\u{e007f}]/u.test(character)) return FLAG_OF_TAGS.test(written);
  if (/[\ufe00-\ufe0d]/.test(character)) return /[\p{Sm}\p{Lo}]/u.test(before);
  if (/[\u{e0100}-\u{e01ef}]/u.test(character)) return /\p{Script=Han}/u.test(before);
  if (/[\u180b-\u180f]/.test(character))
    return /\p{Script=Mongolian}/u.test(before) && !INVISIBLE.test(before);
  if (character === "\u2800") return /\p{Script=Braille}/u.test(before + after);
  return /[\u115f\u1160]/.test(character) && /\p{Script=Hangul}/u.test(before + after);
}

/** Whether it is in a string, a comment or a text, in a file that has it too: a soft hyphen, a zero width space. */
function isWritten(character: string, at: number, text: string, place: Place, hints: FilterHints): boolean {
  const { above, head, rest, below } = place;
  if (![...above, head + rest, ...below].some((line) => line.includes(character))) return false;
  return literalAt(text, at, place, hints) !== undefined;
}
