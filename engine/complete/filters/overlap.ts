import { isBlank, type Place, pairBrackets } from "../text/index.ts";
import { cutLinesBelow } from "./near_copies.ts";

/** Drops the tail that the text after the cursor already has: on its line by characters, below it by lines. */
export function cutSuffixOverlap(text: string, place: Place): string {
  return isBlank(place.rest) ? cutLinesBelow(text, place) : cutRestOfLine(text, place);
}

function cutRestOfLine(text: string, { head, rest, below }: Place): string {
  const suffix = [rest, ...below].join("\n").slice(0, text.length);
  for (let length = suffix.length; length > 0; length--) {
    const kept = text.slice(0, -length);
    if (!text.endsWith(suffix.slice(0, length)) || closesInside(kept, text)) continue;
    // A letter that two words share is chance.
    if (/\w$/.test(head + kept) && /^\w/.test(rest)) continue;
    return kept;
  }
  return text;
}

/** Whether brackets that `kept` opens are closed by the rest of `text`: `f(a)` does not overlap with `)`. */
function closesInside(kept: string, text: string): boolean {
  const surplus = (of: string) => pairBrackets(of).surplus.length;
  return surplus(kept) + surplus(text.slice(kept.length)) !== surplus(text);
}
