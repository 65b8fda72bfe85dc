import { pairBrackets } from "./brackets.ts";

/** The first line of a statement, and the lines above it. */
export interface StatementStart {
  readonly line: string;
  readonly above: readonly string[];
}

const STATEMENT_LINES = 24; // a longer list of parameters is not worth the search

/**
 * Where a statement begins whose last line is `line`: parameters may hang far to the right. `line` itself where brackets do
 * not tell; of a `}` too, since what it closes may be long, and starts at the same indentation.
 */
export function statementStart(above: readonly string[], line: string): StatementStart {
  const own = { line, above };
  if (/^\s*}/.test(line)) return own;
  let statement = line;
  for (let lines = 0; lines < STATEMENT_LINES && pairBrackets(statement).surplus.length > 0; lines++) {
    const first = above.at(-1 - lines);
    if (first === undefined) break;
    statement = `${first}\n${statement}`;
    if (pairBrackets(statement).surplus.length === 0)
      return { line: first, above: above.slice(0, above.length - 1 - lines) };
  }
  return own;
}
