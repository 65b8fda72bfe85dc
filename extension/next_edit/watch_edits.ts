import * as vscode from "vscode";
import { MAX_FOLLOWED, type NextEdit } from "../../engine/complete/index.ts";
import type { IgnoredFiles } from "../context/index.ts";
import { isSupported, placeOf } from "../editor/index.ts";
import { changeReason } from "./change_reason.ts";

export interface WatchEditsOptions {
  readonly next: NextEdit;
  readonly ignoredFiles: Pick<IgnoredFiles, "find">;
  /** Loads what is asked of documents in a language, in the background. */
  readonly prepare: (languageId: string) => void;
  /** Whether next edits are on: else nothing is followed. */
  readonly isOn: () => boolean;
  /** Whether a change is the edit that we have just asked for, or ghost text of ours that was taken. */
  readonly isOurs: (
    document: vscode.TextDocument,
    changes: readonly vscode.TextDocumentContentChangeEvent[],
  ) => boolean;
  /** The cursor, the selection or the editor may be another. */
  readonly onMoved: () => void;
}

/**
 * Tells the log of edits what happens to documents. A document is followed from when it is in the active editor: what changes
 * before that, nobody has typed. What it costs a keystroke is bounded by `MAX_FOLLOWED`.
 */
export function watchEdits({ next, ignoredFiles, prepare, isOn, isOurs, onMoved }: WatchEditsOptions) {
  /** Those that are being opened: the answer to whether Git ignores them comes later. */
  const opening = new Set<vscode.TextDocument>();

  async function follow(document: vscode.TextDocument): Promise<void> {
    if (!isOn() || !isFollowable(document) || opening.has(document)) return;
    if (next.history.get(document.uri.toString())) return;
    opening.add(document);
    try {
      if ((await ignoredFiles.find(document.uri)) || document.isClosed || !isFollowable(document)) return;
      next.open({ ...placeOf(document.uri), languageId: document.languageId }, document.getText());
      prepare(document.languageId);
      onMoved();
    } finally {
      opening.delete(document);
    }
  }

  function followActive(): void {
    const document = vscode.window.activeTextEditor?.document;
    if (document) void follow(document);
    onMoved();
  }

  function changed({ document, contentChanges, reason }: vscode.TextDocumentChangeEvent): void {
    const uri = document.uri.toString();
    if (contentChanges.length === 0 || !next.history.get(uri)) return;
    const editor = vscode.window.activeTextEditor;
    const found = changeReason({
      by: REASONS.get(reason),
      isOurs: isOurs(document, contentChanges),
      isActive: editor?.document === document,
      isAtSelection:
        editor !== undefined && contentChanges.every((change) => isNear(change, editor.selection)),
      isDirty: document.isDirty,
      count: contentChanges.length,
    });
    // Of one event all ranges are those before it: from the end to the start, each is to what the one before it left.
    const changes = [...contentChanges]
      .sort((a, b) => b.rangeOffset - a.rangeOffset)
      .map(({ rangeOffset, rangeLength, text }) => ({
        offset: rangeOffset,
        removed: rangeLength,
        inserted: text,
      }));
    next.changed(uri, changes, found);
    const followed = next.history.get(uri);
    // Line ends that were changed are told as nothing that fits: it is opened again.
    if (followed && followed.text.length !== lengthOf(document)) next.open(followed.file, document.getText());
  }

  const listeners = vscode.Disposable.from(
    vscode.workspace.onDidChangeTextDocument(changed),
    vscode.workspace.onDidCloseTextDocument(({ uri }) => next.close(uri.toString())),
    vscode.workspace.onDidOpenTextDocument((document) => {
      if (document === vscode.window.activeTextEditor?.document) followActive(); // in another language
    }),
    vscode.window.onDidChangeActiveTextEditor(followActive),
    vscode.window.onDidChangeTextEditorSelection(({ textEditor }) => {
      if (textEditor === vscode.window.activeTextEditor) onMoved();
    }),
  );
  followActive();
  return {
    /** Settings may be others. */
    refresh: followActive,
    dispose: () => listeners.dispose(),
  };
}

const REASONS = new Map<vscode.TextDocumentChangeReason | undefined, "undo" | "redo">([
  [vscode.TextDocumentChangeReason.Undo, "undo"],
  [vscode.TextDocumentChangeReason.Redo, "redo"],
]);

const isFollowable = (document: vscode.TextDocument): boolean =>
  isSupported(document) && document.languageId !== "scminput" && lengthOf(document) <= MAX_FOLLOWED;

const lengthOf = (document: vscode.TextDocument): number =>
  document.offsetAt(new vscode.Position(document.lineCount - 1, Number.MAX_SAFE_INTEGER));

/** Whether a change touches the lines of a selection, or one beside them. */
const isNear = ({ range }: vscode.TextDocumentContentChangeEvent, selection: vscode.Selection): boolean =>
  range.start.line <= selection.end.line + 1 && range.end.line >= selection.start.line - 1;
