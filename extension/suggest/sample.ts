import * as vscode from "vscode";
import { editorCommand } from "../editor/index.ts";

// Where the embedded model knows what comes: a name that the lines above use.
const SAMPLE = `/** A stack of bounded size. */
export class Stack<T> {
  private readonly items: T[] = [];

  push(item: T): void {
    this.items.push(item);
  }

  /** Adds all items, in order. */
  pushAll(items: T[]): void {
    for (const item of items) {
      this
    }
  }
}
`;
const CURSOR_LINE = 11; // from 0, at its end

/** Opens an unsaved file with the cursor where a suggestion is likely, and asks for one. */
export async function openSample(): Promise<void> {
  const document = await vscode.workspace.openTextDocument({ language: "typescript", content: SAMPLE });
  const end = document.lineAt(CURSOR_LINE).range.end;
  await vscode.window.showTextDocument(document, { selection: new vscode.Range(end, end) });
  await editorCommand("editor.action.inlineSuggest.trigger");
}
