import * as vscode from "vscode";
import { MAX_FOLLOWED, type NextEdit, type ReadableFile } from "../../engine/complete/index.ts";
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
  /** Names that were given to followed files, until the editor has opened them by these, and when they are given up. */
  const renamed = new Map<string, NodeJS.Timeout>();

  async function follow(document: vscode.TextDocument): Promise<void> {
    const uri = document.uri.toString();
    if (!isOn() || !isFollowable(document) || opening.has(document)) return;
    if (next.history.get(uri) && !renamed.has(uri)) return;
    opening.add(document);
    try {
      if ((await ignoredFiles.find(document.uri)) || document.isClosed || !isFollowable(document)) return;
      if (!hasArrived(document)) next.open(fileOf(document), document.getText());
      prepare(document.languageId);
      onMoved();
    } finally {
      opening.delete(document);
    }
  }

  /** Whether a document is one that was followed by another name, as it was then. */
  function hasArrived(document: vscode.TextDocument): boolean {
    const uri = document.uri.toString();
    clearTimeout(renamed.get(uri));
    const known = renamed.delete(uri) ? next.history.get(uri) : undefined;
    return known?.file.languageId === document.languageId && known.text === document.getText();
  }

  /** Files are about to be renamed: afterwards the editor tells first that their documents are closed. */
  function willRename({ files }: vscode.FileWillRenameEvent): void {
    for (const { oldUri, newUri } of files)
      for (const uri of next.history.uris()) {
        const inFolder = uri.startsWith(`${oldUri.toString()}/`);
        if (uri !== oldUri.toString() && !inFolder) continue;
        const to = vscode.Uri.parse(newUri.toString() + uri.slice(oldUri.toString().length), true);
        const languageId = next.history.get(uri)?.file.languageId;
        next.renamed(uri, { ...placeOf(to), ...(languageId !== undefined && { languageId }) });
        renamed.set(
          to.toString(),
          setTimeout(() => giveUp(to.toString()), ARRIVES_MS),
        );
      }
  }

  /** Nobody has opened it by its new name. */
  function giveUp(uri: string): void {
    renamed.delete(uri);
    next.close(uri);
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
    vscode.workspace.onWillRenameFiles(willRename),
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
    dispose(): void {
      listeners.dispose();
      for (const timer of renamed.values()) clearTimeout(timer);
    },
  };
}

const ARRIVES_MS = 10_000; // after a rename: language servers may change imports first

const fileOf = (document: vscode.TextDocument): ReadableFile => ({
  ...placeOf(document.uri),
  languageId: document.languageId,
});

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
