import type { Node, Tree } from "@vscode/tree-sitter-wasm";
import { lineStartOf } from "./position.ts";

/** Offsets in a text that is written at the cursor; negative for what begins before it. */
export interface WrittenRange {
  readonly start: number;
  readonly end: number;
}

/** What a parser sees in a text once it is written at the cursor. */
export interface Written {
  /** Where people write words, and white space is content: in order, none inside another. */
  readonly literals: readonly (WrittenRange & { readonly kind: LiteralKind })[];
  /** What is no code of the language. */
  readonly errors: readonly WrittenRange[];
}

/** `markup` is the text between tags. */
export type LiteralKind = "comment" | "string" | "markup";

const COMMENT = /comment/;
const MARKUP = /^(?:jsx_text|text)$/;
const STRING =
  /^(?!concatenated)(?:\w+_)?string(?:_literal|_expression)?$|^template_(?:string|literal)$|^(?:here|now)doc(?:_body)?$|^char(?:acter)?_literal$|^regex$/;
// What begins a string whose end the parser has not found.
const OPENED = /^(?:string_start|`|"""|"|'|raw_string_start)$/;

/** Reads the tree of `source`, of which `length` characters from `at` on are what is written. */
export function writtenIn(tree: Tree, source: string, at: number, length: number): Written {
  const literals: (WrittenRange & { kind: LiteralKind })[] = [];
  const errors: WrittenRange[] = [];
  const end = at + length;
  const range = (start: number, to: number): WrittenRange => ({
    start: start - at,
    end: Math.min(length, to - at),
  });

  const literalOf = (node: Node) => {
    const kind = kindOf(node);
    if (kind) return { ...range(literalStart(node, source), node.endIndex), kind };
    if (!OPENED.test(node.type) || !node.parent?.isError) return undefined;
    return { ...range(node.startIndex, unfinishedEnd(node, source)), kind: "string" as const };
  };

  function visit(node: Node): void {
    if (node.endIndex < at || node.startIndex > end) return;
    if (node.isError || node.isMissing) errors.push(range(node.startIndex, node.endIndex));
    const literal = literalOf(node);
    if (literal) literals.push(literal);
    else for (const child of node.children) if (child) visit(child);
  }
  visit(tree.rootNode);
  return { literals, errors };
}

/** The white space of a heredoc's first line is its own, though a parser may leave it out. */
const literalStart = ({ type, startIndex }: Node, source: string): number =>
  /doc_body$/.test(type) ? lineStartOf(source, startIndex) : startIndex;

export function kindOf({ type, isNamed }: Node): LiteralKind | undefined {
  if (!isNamed) return undefined;
  if (COMMENT.test(type)) return "comment";
  if (MARKUP.test(type)) return "markup";
  return STRING.test(type) ? "string" : undefined;
}

/** A string of one line ends with its line; another takes all that follows. */
function unfinishedEnd({ type, text, startIndex }: Node, source: string): number {
  const severalLines = /^(?:`|"""|raw_string_start)$/.test(type) || /'''|"""/.test(text);
  const lineEnd = severalLines ? -1 : source.indexOf("\n", startIndex);
  return lineEnd === -1 ? source.length : lineEnd;
}
