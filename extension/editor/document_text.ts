import type * as vscode from "vscode";

const texts = new WeakMap<vscode.TextDocument, { readonly version: number; readonly text: string }>();

/** The document's text; joined from its lines once a version. */
export function textOf(document: vscode.TextDocument): string {
  const known = texts.get(document);
  if (known?.version === document.version) return known.text;
  const text = document.getText();
  texts.set(document, { version: document.version, text });
  return text;
}
