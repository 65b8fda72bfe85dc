import { isBlank, type Place, scan } from "../text/index.ts";
import { breaks, insertionAt, withoutTerminator } from "./closers.ts";
import type { FilterHints } from "./hints.ts";
import { cutLinesBelow } from "./near_copies.ts";

/** Drops the tail that the text after the cursor already has: on its line by characters, below it by lines. */
export function cutSuffixOverlap(text: string, place: Place, hints: FilterHints): string {
  return isBlank(place.rest) ? cutLinesBelow(text, place) : cutRestOfLine(text, place, hints);
}

const OVERLAP = 64; // tokens: a longer one is cut by whole lines

function cutRestOfLine(text: string, place: Place, hints: FilterHints): string {
  const { head, rest, below } = place;
  const complete = tokensIn(text);
  // Where a closer follows, what closes in the text tells more.
  const written = /^\s*[)\]]/.test(rest) ? complete : tokensIn(withoutTerminator(text, place, hints));
  const next = tokensIn([rest, ...below].join("\n").slice(0, text.length * 2 + rest.length)).slice(
    0,
    OVERLAP,
  );
  for (const tokens of written.length === complete.length ? [complete] : [complete, written]) {
    for (let count = Math.min(tokens.length, next.length); count > 0; count--) {
      const overlap = tokens.slice(-count);
      if (!overlap.every(({ token }, index) => token === next[index]!.token)) continue;
      const kept = text.slice(0, overlap[0]!.start);
      // A letter that two words share is chance.
      const glued = /[\p{L}\p{N}_]$/u.test(head + kept) && /^[\p{L}\p{N}_]/u.test(rest);
      if (glued || closesInside(kept, text, place, hints) || breaks(kept, text, hints)) continue;
      return kept;
    }
  }
  return text;
}

/** Words and marks, and where they begin. */
function tokensIn(text: string): { token: string; start: number }[] {
  return [...text.matchAll(/[\p{L}\p{N}_]+|\S/gu)].map(({ 0: token, index }) => ({ token, start: index }));
}

/** Whether the rest of `text` closes what `kept` opens: `f(a)` does not overlap with `)`, nor `<b></b>` with `>`. */
function closesInside(kept: string, text: string, place: Place, hints: FilterHints): boolean {
  const { lexis, before, after, outside } = insertionAt(text, place, hints);
  const source = before + text + after;
  const end = before.length + kept.length;
  const from = before.lastIndexOf("\n") + 1;
  const { open } = scan(lexis, source, { from, to: end, open: outside });
  const { closed } = scan(lexis, source, { from: end, to: before.length + text.length, open });
  return closed.some(({ frame }) => frame.at >= before.length);
}
