import { type Frame, type Lexis, lexisOf, openBelow, scan } from "./lexical/index.ts";
import type { SyntaxFacts } from "./syntax.ts";

/**
 * Whether a cursor is in a comment or a docstring. A parser that reads all of the text around it knows; what it cannot
 * read yet (`/*` without its end), and languages without a parser, are read by their lexical rules. In a language that is
 * not known, whatever may be a comment somewhere counts as one.
 */
export function isInComment(
  languageId: string,
  before: string,
  after: string,
  facts: SyntaxFacts | undefined,
): boolean {
  if (facts?.inComment) return true;
  if (facts?.errorsWith("") === 0) return false;
  const lexis = lexisOf(languageId);
  if (!lexis) return facts === undefined && mayBeComment(before);
  return openAt(lexis, before, after).some(
    (frame) => frame.kind === "region" && (frame.region.kind === "comment" || frame.region.kind === "docs"),
  );
}

function openAt(lexis: Lexis, before: string, after: string): readonly Frame[] {
  const from = before.lastIndexOf("\n") + 1;
  const rest = after.split("\n", 1)[0]!;
  const open = openBelow(lexis, before.slice(0, from));
  return scan(lexis, before + rest, { from, to: before.length, open }).open;
}

// What begins a comment up to the line's end in one language or another, and what opens and closes one of several lines.
const LINE = /\/\/|#|--|;|%|'|"|!|^\s*\*|\\|::|\.\.|\bREM\b|\b(?:dnl|NB\.)/i;
const BLOCKS: readonly (readonly [open: string, close: string])[] = [
  ["/*", "*/"],
  ["(*", "*)"],
  ["{-", "-}"],
  ["<!--", "-->"],
  ["<#", "#>"],
  ["#|", "|#"],
  ["=begin", "=end"],
];

function mayBeComment(before: string): boolean {
  const line = before.slice(before.lastIndexOf("\n") + 1);
  if (LINE.test(line)) return true;
  const fences = /"""|'''/g;
  if ((before.match(fences)?.length ?? 0) % 2 === 1) return true;
  return BLOCKS.some(([open, close]) => before.lastIndexOf(open) > before.lastIndexOf(close));
}
