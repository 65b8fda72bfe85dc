import * as vscode from "vscode";
import {
  createEditHistory,
  exclusionOf,
  MAX_FOLLOWED,
  type ReadableFile,
} from "../../engine/complete/index.ts";
import { systemClock } from "../../engine/contract/index.ts";
import type { IgnoredFiles } from "../context/index.ts";
import { isSupported, placeOf } from "../editor/index.ts";
import type { Settings } from "../settings/index.ts";
import { changeReason } from "./change_reason.ts";

export interface EditLogOptions {
  readonly settings: { readonly current: Settings; readonly onChange: vscode.Event<Settings> };
  readonly ignoredFiles: Pick<IgnoredFiles, "find" | "wasIgnored">;
  /** Whether a change is the edit that we have just asked for, or ghost text of ours that was taken. */
  readonly isOurs: (
    document: vscode.TextDocument,
    changes: readonly vscode.TextDocumentContentChangeEvent[],
  ) => boolean;
}

/**
 * The log of edits, told what happens to documents. A document is followed from when it is in the active editor: what changes
 * before that, nobody has typed. What it costs a keystroke is bounded by `MAX_FOLLOWED`.
 */
export function createEditLog({ settings, ignoredFiles, isOurs }: EditLogOptions) {
  const history = createEditHistory({
    clock: systemClock,
    isExcluded: (file: ReadableFile) =>
      exclusionOf(file, settings.current.pipeline.exclude) !== undefined || ignoredFiles.wasIgnored(file.uri),
  });
  /** Those that are being opened: the answer to whether Git ignores them comes later. */
  const opening = new Set<vscode.TextDocument>();
  /** Names that were given to followed files, until the editor has opened them by these, and when they are given up. */
  const renamed = new Map<string, NodeJS.Timeout>();

  async function follow(document: vscode.TextDocument): Promise<void> {
    const uri = document.uri.toString();
    if (!isWanted(settings.current) || !isFollowable(document) || opening.has(document)) return;
    if (history.get(uri) && !renamed.has(uri)) return;
    opening.add(document);
    try {
      const isIgnored = await ignoredFiles.find(document.uri);
      if (isIgnored || !isWanted(settings.current) || document.isClosed || !isFollowable(document)) return;
      if (!hasArrived(document)) history.open(fileOf(document), document.getText());
    } finally {
      opening.delete(document);
    }
  }

  /** Whether a document is one that was followed by another name, as it was then. */
  function hasArrived(document: vscode.TextDocument): boolean {
    const uri = document.uri.toString();
    clearTimeout(renamed.get(uri));
    const known = renamed.delete(uri) ? history.get(uri) : undefined;
    return known?.file.languageId === document.languageId && known.text === document.getText();
  }

  /** Files are about to be renamed: afterwards the editor tells first that their documents are closed. */
  function willRename({ files }: vscode.FileWillRenameEvent): void {
    for (const { oldUri, newUri } of files)
      for (const uri of history.uris()) {
        const inFolder = uri.startsWith(`${oldUri.toString()}/`);
        if (uri !== oldUri.toString() && !inFolder) continue;
        const to = vscode.Uri.parse(newUri.toString() + uri.slice(oldUri.toString().length), true);
        const languageId = history.get(uri)?.file.languageId;
        history.renamed(uri, { ...placeOf(to), ...(languageId !== undefined && { languageId }) });
        renamed.set(
          to.toString(),
          setTimeout(() => giveUp(to.toString()), ARRIVES_MS),
        );
      }
  }

  /** Nobody has opened it by its new name. */
  function giveUp(uri: string): void {
    renamed.delete(uri);
    history.close(uri);
  }

  function followActive(): void {
    const document = vscode.window.activeTextEditor?.document;
    if (document) void follow(document);
  }

  function changed({ document, contentChanges, reason }: vscode.TextDocumentChangeEvent): void {
    const uri = document.uri.toString();
    if (contentChanges.length === 0 || !history.get(uri)) return;
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
    history.changed(uri, changes, found);
    const followed = history.get(uri);
    // Line ends that were changed are told as nothing that fits: it is opened again.
    if (followed && followed.text.length !== lengthOf(document))
      history.open(followed.file, document.getText());
  }

  const listeners = vscode.Disposable.from(
    vscode.workspace.onDidChangeTextDocument(changed),
    vscode.workspace.onDidCloseTextDocument(({ uri }) => history.close(uri.toString())),
    vscode.workspace.onWillRenameFiles(willRename),
    vscode.workspace.onDidOpenTextDocument((document) => {
      if (document === vscode.window.activeTextEditor?.document) followActive(); // in another language
    }),
    vscode.window.onDidChangeActiveTextEditor(followActive),
    settings.onChange((now) => {
      if (isWanted(now)) followActive();
      else for (const uri of history.uris()) history.close(uri);
    }),
  );
  followActive();
  return {
    history,
    dispose(): void {
      listeners.dispose();
      for (const timer of renamed.values()) clearTimeout(timer);
    },
  };
}

/** Nothing is kept that nobody uses. */
const isWanted = ({ nextEdit, context }: Settings): boolean => nextEdit !== "off" || context.recentEdits;

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
