import * as vscode from "vscode";
import type { DocumentView, Question } from "../../engine/complete/index.ts";
import { placeOf, textOf } from "../editor/index.ts";

const viewOf = (document: vscode.TextDocument, readOnly: boolean): DocumentView => ({
  ...placeOf(document.uri),
  languageId: document.languageId,
  text: textOf(document),
  version: document.version,
  readOnly,
});

export interface Asked {
  readonly trigger: Question["trigger"];
  readonly readOnly: boolean;
  readonly selected?: vscode.SelectedCompletionInfo | undefined;
  readonly signal?: AbortSignal;
}

export function questionAt(
  document: vscode.TextDocument,
  position: vscode.Position,
  { trigger, readOnly, selected, signal }: Asked,
): Question {
  const active = vscode.window.activeTextEditor;
  const editor =
    active?.document === document
      ? active
      : vscode.window.visibleTextEditors.find((one) => one.document === document);
  const { tabSize, insertSpaces } = editor?.options ?? {};
  return {
    document: viewOf(document, readOnly),
    cursor: document.offsetAt(position),
    trigger,
    cursors: editor?.selections.length ?? 1,
    selectionIsEmpty: editor?.selection.isEmpty ?? true,
    indentation: {
      tabSize: typeof tabSize === "number" ? tabSize : 4,
      insertSpaces: insertSpaces !== false,
    },
    ...(selected && {
      intellisense: {
        start: document.offsetAt(selected.range.start),
        end: document.offsetAt(selected.range.end),
        text: selected.text,
      },
    }),
    ...(signal && { signal }),
  };
}
