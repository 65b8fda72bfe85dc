import { findQuote, type Place, pairBrackets } from "../text/index.ts";

/**
 * Cuts where the suggestion closes what is already closed after the cursor: `f(█)` and `a);` give `a`.
 * A quote after the cursor counts only where it ends a string.
 */
export function cutSurplusCloser(text: string, { head, rest }: Place): string {
  const closer = rest.trimStart()[0];
  if (closer === undefined) return text;
  const at = /["'`]/.test(closer)
    ? insideString(head, closer)
      ? findQuote(text, closer, 0)
      : -1
    : (pairBrackets(text).surplus.find((offset) => text[offset] === closer) ?? -1);
  return at === -1 ? text : text.slice(0, at);
}

function insideString(head: string, quote: string): boolean {
  let inside = false;
  for (let at = findQuote(head, quote, 0); at !== -1; at = findQuote(head, quote, at + 1)) inside = !inside;
  return inside;
}
