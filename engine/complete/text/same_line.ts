import { indentation } from "./place.ts";
import { hasName, lineTokens, tokensOf } from "./tokens.ts";

/**
 * Whether two lines say the same: their tokens are equal, whatever the white space between them, and whether a `;` or `,`
 * ends them. One other character (`<` for `>`, `items` for `item`) makes another line, and so do other quotes: `'a'` and
 * `"a"` differ in many languages.
 */
export function sameLine(line: string, other: string): boolean {
  if (line === other) return true;
  const tokens = lineTokens(line);
  const others = lineTokens(other);
  return tokens.length === others.length && tokens.every((token, index) => token === others[index]);
}

/**
 * Whether a line of a suggestion says again what a line below the cursor says. A deeper line is in a block that the
 * suggestion opens, and is no copy: an early `return total;` before the last one.
 */
export function copiesLine(line: string, below: string): boolean {
  return indentation(line) <= indentation(below) && sameLine(line, below);
}

const FEW_TOKENS = 3;

/** Whether lines say enough for their copy to be no chance: `break;`, `a();`, `type: string` and `0, 0, 0,` may well repeat. */
export function saysMuch(lines: readonly string[]): boolean {
  const tokens = lines.flatMap(lineTokens);
  const count = tokens.reduce((sum, token) => sum + weightOf(token), 0);
  return count > FEW_TOKENS && tokens.some(hasName);
}

/** A string is one token, unless it is a text of its own. */
function weightOf(token: string): number {
  const { length } = tokensOf(token);
  return length > LONG_STRING ? length : 1;
}

const LONG_STRING = 5; // tokens, its quotes included

const DECORATOR = /^\s*(?:@|#!?\[|\[[^\]]*\]\s*$)/;
const OPENER = /(?:[{([:]|=>|\b(?:do|then|begin))\s*$|^\s*<\w[^<]*>\s*$/;
const CLOSER = /^(?:[\s)\]};,]|\b(?:end|fi|done|esac)\b)*$/;
const TEMPLATE_TAG = /^\s*\{[{%]-?\s*(?:end\w*|else)\s*-?[%}]\}\s*$/;
const BARE_TAGS = /^(?:\s*<\/?[\w.:-]*\s*\/?>[;,]?)+\s*$/;

/** Whether a line gives shape only: it opens or closes a block, or decorates what follows. Neighbours have the same. */
export function isStructural(line: string): boolean {
  return (
    DECORATOR.test(line) ||
    OPENER.test(line) ||
    CLOSER.test(line) ||
    BARE_TAGS.test(line) ||
    TEMPLATE_TAG.test(line)
  );
}
