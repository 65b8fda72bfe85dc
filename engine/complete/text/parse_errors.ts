import type { Node, Tree } from "@vscode/tree-sitter-wasm";

const MAX_ERRORS = 100; // in text that is not of the language, more tell nothing

/** How much of a text is no code of the language: the pieces that the parser skipped, and the tokens that it missed. */
export function countErrors(tree: Tree): number {
  let errors = 0;
  function visit(node: Node): void {
    if (errors >= MAX_ERRORS) return;
    if (node.isError || node.isMissing) errors++;
    if (node.hasError) for (const child of node.children) if (child) visit(child);
  }
  visit(tree.rootNode);
  return errors;
}
