import * as vscode from "vscode";
import {
  type ContextSource,
  createContext,
  type EditHistory,
  editorPace,
  exclusionOf,
  type OpenDocument,
  type RecentLines,
  SCANNED,
} from "../../engine/complete/index.ts";
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

const SHARE = 0.25; // of a prompt: the active file is worth more
const EDIT_TOKENS = 1024; // … of an edit's: its own window is worth more still, and what was edited elsewhere is told as edits

export interface EditorContextOptions {
  readonly settings: { readonly current: Settings };
  readonly ignoredFiles: IgnoredFiles;
  readonly history: Pick<EditHistory, "get" | "recentLines">;
  /** Positions of the model; 0 while they are not known. */
  readonly modelPositions: () => number;
}

/** A commit message says little of the code that is written after it. */
const isCode = (document: vscode.TextDocument): boolean =>
  isSupported(document) && document.languageId !== "scminput";

/** Pieces of other files: open ones, recent edits and definitions. Nothing of an excluded or a Git-ignored file. */
export function createEditorContext({
  settings,
  ignoredFiles,
  history,
  modelPositions,
}: EditorContextOptions) {
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

  function recentEdits(): readonly RecentLines[] {
    if (!settings.current.context.recentEdits) return [];
    // The log goes on while an ignore file is read again; a prompt waits until its rules are known.
    return history.recentLines().filter(({ uri }) => !ignoredFiles.isIgnored(vscode.Uri.parse(uri, true)));
  }

  const source = createContext({
    budget: () => Math.floor(Math.min(settings.current.contextTokens, modelPositions()) * SHARE),
    openDocuments,
    recentEdits,
    definitions: () => (settings.current.context.definitions ? definitions.chunks : []),
    notebook: otherCells,
    isExcluded: (file) => exclusionOf(file, settings.current.pipeline.exclude) !== undefined,
    pace: editorPace,
  });

  const ofEdits = createContext({
    budget: () => EDIT_TOKENS,
    openDocuments,
    recentEdits: () => [],
    definitions: () => [],
    isExcluded: (file) => exclusionOf(file, settings.current.pipeline.exclude) !== undefined,
    pace: editorPace,
  });

  const listeners = vscode.Disposable.from(
    definitions,
    vscode.workspace.onDidSaveTextDocument(() => definitions.forget()),
  );
  const chunks: ContextSource["chunks"] = (document, cursor) => source.chunks(document, cursor);
  return {
    chunks,
    /** Pieces of the other open files for a model of edits, in a document that the log follows. */
    filesFor(uri: string, cursor: number): ReturnType<ContextSource["chunks"]> {
      const followed = history.get(uri);
      if (!followed) return [];
      const { file, text } = followed;
      const view = { ...file, languageId: file.languageId ?? "plaintext", text, version: 0, readOnly: false };
      return ofEdits.chunks(view, cursor);
    },
    dispose: () => listeners.dispose(),
  };
}
