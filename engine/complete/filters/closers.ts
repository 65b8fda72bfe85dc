import {
  endingsOf,
  type Insertion,
  isBlank,
  isLiteral,
  lexisOrUsual,
  nearAfter,
  openBelow,
  type Pieces,
  type Place,
  USUAL,
} from "../text/index.ts";
import type { FilterHints } from "./hints.ts";

const PARSED = 6; // ends that the parser tries: each takes a millisecond or two

/**
 * Ends the text before it closes what is closed after the cursor already, hides it in a comment, or ends a statement that
 * the line continues: `f(█)` and `a);` give `a`. Of the ends that are possible, the longest that is no worse code.
 * In pieces, of which each parses once.
 */
export function* cutSurplusCloser(text: string, place: Place, hints: FilterHints): Pieces<string> {
  const insertion = insertionAt(text, place, hints);
  // What follows on other lines counts only where the language's own strings and comments are known.
  if (isBlank(place.rest) && insertion.lexis === USUAL) return text;
  const { hides, words, sure, possible } = endingsOf(insertion);
  if (hides !== undefined) {
    const shown = yield* cutSurplusCloser(text.slice(0, hides).trimEnd(), place, hints);
    return breaks(shown, text, hints) ? text : shown;
  }
  if (words !== undefined) return text.slice(0, words);
  const bare = withoutTerminator(text, place, hints);
  if (sure === undefined && bare !== text && !breaks(bare, text, hints)) return bare;
  yield;
  const errors = hints.facts?.errorsWith(text);
  // The brace that closes a block may be further below than the parser sees.
  const isProof = !insertion.lexis.lenient && (sure === undefined || text[sure] !== "}");
  if (errors === 0 && isProof) return text;
  if (sure !== undefined) {
    const cut = text.slice(0, sure);
    yield;
    // Lines below tell less than what follows on the cursor's own: the parser must agree.
    const isRefused = isBlank(place.rest) && (hints.facts?.errorsWith(cut) ?? 0) > (errors ?? 0);
    return isRefused ? text : cut;
  }
  if (!hints.facts || errors === undefined) return text;
  return yield* fewestErrors(text, errors, possible, hints.facts);
}

/**
 * Whether a parser reads all of `text` in its place, and not `part`. Where both have errors, their numbers tell little: it
 * sees a window of the file, and what is not complete yet.
 */
export function breaks(part: string, text: string, { facts, languageId }: FilterHints): boolean {
  return !lexisOrUsual(languageId).lenient && facts?.errorsWith(text) === 0 && facts.errorsWith(part) !== 0;
}

/** The longest of the parts of a text with the fewest errors, if that is fewer than the whole text has. */
function* fewestErrors(
  text: string,
  errors: number,
  ends: readonly number[],
  facts: NonNullable<FilterHints["facts"]>,
): Pieces<string> {
  let best = text;
  let least = errors;
  const longestFirst = [...ends].sort((a, b) => b - a).slice(0, PARSED);
  for (const end of longestFirst) {
    yield;
    const cut = text.slice(0, end);
    const left = facts.errorsWith(cut) ?? errors;
    if (left < least) [best, least] = [cut, left];
  }
  return best;
}

// A binary operator, or what must close an expression.
const CONTINUES = /^\s*(?:\+(?!\+)|-(?!-)|\/(?![/*])|[*%&|^<>=?:.,)\]])/;

/** The text without a `;` at its end, where the rest of the line continues the expression. */
export function withoutTerminator(text: string, { rest }: Place, { languageId }: FilterHints): string {
  const end = text.trimEnd();
  if (!end.endsWith(";") || !CONTINUES.test(rest)) return text;
  return lexisOrUsual(languageId).semicolons ? end.slice(0, -1) : text;
}

/** The text in its place, and what is open around it. */
export function insertionAt(
  text: string,
  { above, head, rest, below }: Place,
  { languageId, facts }: FilterHints,
): Insertion {
  const before = above.length > 0 ? `${above.join("\n")}\n` : "";
  const lexis = lexisOrUsual(languageId, before + head);
  const open = openBelow(lexis, before);
  // The lines above may begin in a string: what reads as a string there is code, and the parser knows.
  const isMisread = facts !== undefined && !facts.inString && !facts.inComment && open.some(isLiteral);
  const outside = isMisread ? [] : open;
  return { lexis, before: before + head, text, after: nearAfter([rest, ...below].join("\n")), outside };
}
