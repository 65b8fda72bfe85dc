import * as vscode from "vscode";
import { type FollowedSelection, followSelection } from "./followed_selection.ts";

export interface WatchedSelection extends FollowedSelection, vscode.Disposable {
  /** Where the selection is now; undefined once it has ended. */
  readonly place: vscode.Range | undefined;
}

/** Follows a selection for as long as it lasts. `onChange`: its document or its place changed, or it ended. */
export function watchSelection(
  document: vscode.TextDocument,
  selected: vscode.Range,
  onChange: () => void,
): WatchedSelection {
  const range = { start: document.offsetAt(selected.start), end: document.offsetAt(selected.end) };
  const followed = followSelection(document, range, document.getText(selected));
  const listeners = vscode.Disposable.from(
    vscode.workspace.onDidChangeTextDocument((event) => {
      if (event.document !== document || event.contentChanges.length === 0) return;
      followed.changed(event);
      onChange();
    }),
    vscode.workspace.onDidCloseTextDocument((closed) => {
      if (closed !== document) return;
      followed.closed();
      onChange();
    }),
  );
  return {
    get range() {
      return followed.range;
    },
    get ended() {
      return followed.ended;
    },
    get place() {
      const { range } = followed;
      return range && new vscode.Range(document.positionAt(range.start), document.positionAt(range.end));
    },
    changed: followed.changed,
    closed: followed.closed,
    dispose: () => listeners.dispose(),
  };
}
