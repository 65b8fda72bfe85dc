import * as vscode from "vscode";
import {
  type ContextSource,
  createContext,
  EDIT_CHARACTERS,
  exclusionOf,
  type OpenDocument,
  type RecentEdit,
  SCANNED,
} from "../../engine/complete/index.ts";
import { systemClock } from "../../engine/contract/index.ts";
import {
  exclusionOfFile,
  type FileToRead,
  isShort,
  isSupported,
  placeOf,
  textOfLines,
} from "../editor/index.ts";
import type { Settings } from "../settings/index.ts";
import { createDefinitions } from "./definitions.ts";
import type { IgnoredFiles } from "./ignored_files.ts";
import { otherCells } from "./notebooks.ts";
import { createRecentEdits, type Hunk, lineChanges } from "./recent_edits.ts";

const SHARE = 0.25; // of a prompt: the active file is worth more
const LINES_AROUND = 2; // an edit

export interface EditorContextOptions {
  readonly settings: { readonly current: Settings };
  readonly ignoredFiles: IgnoredFiles;
  /** Positions of the model; 0 while they are not known. */
  readonly modelPositions: () => number;
}

/** A commit message says little of the code that is written after it. */
const isCode = (document: vscode.TextDocument): boolean =>
  isSupported(document) && document.languageId !== "scminput";

/** Pieces of other files: open ones, recent edits and definitions. Nothing of an excluded or a Git-ignored file. */
export function createEditorContext({ settings, ignoredFiles, modelPositions }: EditorContextOptions) {
  const edits = createRecentEdits(systemClock.now);
  const views = new WeakMap<vscode.TextDocument, OpenDocument & { readonly version: number }>();
  const isExcluded = (file: FileToRead): boolean =>
    exclusionOfFile(file, settings.current.pipeline.exclude) !== undefined;
  const definitions = createDefinitions({
    isWanted: (document) =>
      settings.current.pipeline.enabled && settings.current.context.definitions && !isExcluded(document),
    isExcluded,
    ignoredFiles,
  });

  const isReadable = (document: vscode.TextDocument): boolean =>
    isCode(document) && !isExcluded(document) && !ignoredFiles.isIgnored(document.uri);

  /** The documents in tabs; others may be open without being shown. */
  function openDocuments(): OpenDocument[] {
    if (!settings.current.context.openFiles) return [];
    const atHand = vscode.window.activeTextEditor?.document;
    const inTabs = new Set(
      vscode.window.tabGroups.all.flatMap(({ tabs }) =>
        tabs.flatMap(({ input }) => (input instanceof vscode.TabInputText ? [input.uri.toString()] : [])),
      ),
    );
    return vscode.workspace.textDocuments
      .filter((one) => one !== atHand && inTabs.has(one.uri.toString()) && isReadable(one))
      .filter(isShort)
      .map(viewOf);
  }

  function viewOf(document: vscode.TextDocument): OpenDocument {
    const { uri, version, languageId } = document;
    const known = views.get(document);
    if (known?.version === version && known.languageId === languageId) return known;
    let read: string | undefined; // when it is scanned, which few documents are in one keystroke
    const view = {
      ...placeOf(uri),
      languageId,
      get text(): string {
        read ??= textOfLines(document, 0, document.lineCount - 1, SCANNED).replaceAll("\r\n", "\n");
        return read;
      },
      version,
    };
    views.set(document, view);
    return view;
  }

  function recentEdits(): RecentEdit[] {
    if (!settings.current.context.recentEdits) return [];
    return edits.hunks.flatMap((hunk) => {
      const document = vscode.workspace.textDocuments.find(({ uri }) => uri.toString() === hunk.uri);
      return document && isReadable(document) ? [editOf(document, hunk)] : [];
    });
  }

  function editOf(document: vscode.TextDocument, { start, end, atMs }: Hunk): RecentEdit {
    const first = start - Math.min(start, LINES_AROUND);
    const last = Math.min(end + LINES_AROUND, document.lineCount - 1);
    // A longer one has no place in a prompt, and need not be read to its end.
    const lines = textOfLines(document, Math.min(first, last), last, EDIT_CHARACTERS + 1);
    const text = `${lines.replaceAll("\r\n", "\n")}${last < document.lineCount - 1 ? "\n" : ""}`;
    return { ...placeOf(document.uri), languageId: document.languageId, text, atMs };
  }

  const source = createContext({
    budget: () => Math.floor(Math.min(settings.current.contextTokens, modelPositions()) * SHARE),
    openDocuments,
    recentEdits,
    definitions: () => (settings.current.context.definitions ? definitions.chunks : []),
    notebook: otherCells,
    isExcluded: (file) => exclusionOf(file, settings.current.pipeline.exclude) !== undefined,
  });

  const listeners = vscode.Disposable.from(
    definitions,
    vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
      if (contentChanges.length === 0 || !isCode(document)) return;
      const changes = lineChanges(contentChanges);
      if (changes) edits.changed(document.uri.toString(), changes);
      else edits.forget(document.uri.toString());
    }),
    vscode.workspace.onDidSaveTextDocument(() => definitions.forget()),
    vscode.workspace.onDidCloseTextDocument(({ uri }) => edits.forget(uri.toString())),
  );
  const chunks: ContextSource["chunks"] = (document, cursor) => source.chunks(document, cursor);
  return { chunks, dispose: () => listeners.dispose() };
}
