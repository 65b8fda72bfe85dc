import * as vscode from "vscode";
import type { Lifecycle } from "../../engine/complete/index.ts";
import { isSupported } from "../editor/index.ts";
import { typedCharacters } from "./typed.ts";

/** Tells the lifecycle what happens to documents, cursor and focus: what an extension can see of a suggestion's fate. */
export function watchSuggestions(lifecycle: Lifecycle): vscode.Disposable {
  return vscode.Disposable.from(
    vscode.workspace.onDidChangeTextDocument(({ document, contentChanges, reason }) => {
      if (contentChanges.length === 0 || !isSupported(document)) return;
      const changes = contentChanges.map(({ rangeOffset, rangeLength, text }) => ({
        offset: rangeOffset,
        removed: rangeLength,
        inserted: text,
      }));
      const typed = reason === undefined ? typedCharacters(changes) : 0;
      lifecycle.changed(document.uri.toString(), changes, typed);
    }),
    vscode.window.onDidChangeTextEditorSelection(({ textEditor: { document }, selections }) => {
      if (!isSupported(document) || vscode.window.activeTextEditor?.document !== document) return;
      lifecycle.moved(document.uri.toString(), document.offsetAt(selections[0]!.active));
    }),
    vscode.window.onDidChangeActiveTextEditor((editor) => {
      if (editor)
        lifecycle.moved(editor.document.uri.toString(), editor.document.offsetAt(editor.selection.active));
      else if (lifecycle.current) lifecycle.closed(lifecycle.current.uri);
    }),
    vscode.window.onDidChangeWindowState(({ focused }) => lifecycle.focus(focused)),
    vscode.workspace.onDidCloseTextDocument(({ uri }) => lifecycle.closed(uri.toString())),
  );
}
