import * as vscode from "vscode";
import type { Question } from "../../engine/complete/index.ts";
import { placeOf, textAround } from "../editor/index.ts";

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
  const { linePlace, ...around } = textAround(document, position);
  return {
    document: {
      ...placeOf(document.uri),
      languageId: document.languageId,
      ...around,
      version: document.version,
      readOnly,
    },
    cursor: document.offsetAt(position),
    linePlace,
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
