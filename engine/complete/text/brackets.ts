export interface Brackets {
  /** Opening brackets that nothing in the text closes, outermost first. */
  readonly open: readonly string[];
  /** Offsets of closing brackets that nothing in the text opened. */
  readonly surplus: readonly number[];
}

const CLOSER_OF: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };

/**
 * Pairs brackets by reading alone: strings that end on their line are skipped, comments and regular expressions are not.
 * A closer closes the innermost opener that it fits, and with it what was left open inside.
 */
export function pairBrackets(text: string): Brackets {
  const open: string[] = [];
  const surplus: number[] = [];
  for (let offset = 0; offset < text.length; offset++) {
    const character = text[offset]!;
    if (character === '"' || character === "'" || character === "`") offset = stringEnd(text, offset);
    else if (character in CLOSER_OF) open.push(character);
    else if (character === ")" || character === "]" || character === "}") {
      const opener = open.findLastIndex((candidate) => CLOSER_OF[candidate] === character);
      if (opener === -1) surplus.push(offset);
      else open.length = opener;
    }
  }
  return { open, surplus };
}

/** What closes `open`, innermost first: `["(", "{"]` gives `})`. */
export function closersFor(open: readonly string[]): string {
  return open
    .map((opener) => CLOSER_OF[opener]!)
    .reverse()
    .join("");
}

/** The offset of the first `quote` that no backslash escapes, or -1. */
function findQuote(text: string, quote: string, from: number): number {
  for (let offset = from; offset < text.length; offset++) {
    if (text[offset] === "\\") offset++;
    else if (text[offset] === quote) return offset;
  }
  return -1;
}

/** Where the string that begins at `start` ends; `start` itself when its line ends first (an apostrophe in prose). */
function stringEnd(text: string, start: number): number {
  const end = findQuote(text, text[start]!, start + 1);
  return end === -1 || text.slice(start, end).includes("\n") ? start : end;
}
