import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import * as vscode from "vscode";
import { type DocumentView, exclusionOf, type Pipeline } from "../../engine/complete/index.ts";
import { systemClock } from "../../engine/contract/index.ts";
import { isSupported, placeOf, wholeTextOf } from "../editor/index.ts";
import type { Settings } from "../settings/index.ts";
import { recordingFile } from "./recording_file.ts";
import { createTypingRecorder, recordedPipeline, type TypingRecorder } from "./typing_recorder.ts";

export interface TraceRecorderOptions {
  /** The extension's own folder on this machine. */
  readonly storage: vscode.Uri;
  readonly log: vscode.LogOutputChannel;
  readonly settings: { readonly current: Settings; readonly onChange: vscode.Event<Settings> };
}

const folderOf = (storage: vscode.Uri): string => join(storage.fsPath, "recordings");

/**
 * Records typing while `foretype.recordTyping` is on, each time into a new file in the extension's own folder. What is
 * written stays there: nothing but the user's own hand and `foretype replay` reads it.
 */
export function createTraceRecorder({ storage, log, settings }: TraceRecorderOptions) {
  let recorder: TypingRecorder | undefined;

  function start(): TypingRecorder {
    const folder = folderOf(storage);
    const file = join(folder, `typing-${new Date().toISOString().replace(/[:.]/g, "-")}.jsonl`);
    log.info(`Typing is recorded in ${file} (foretype.recordTyping).`);
    return createTypingRecorder({
      append: recordingFile(file),
      isExcluded(file) {
        const { exclude, languages } = settings.current.pipeline;
        return (file.languageId === "scminput" && !languages.scminput) || !!exclusionOf(file, exclude);
      },
      clock: systemClock,
      log: (message) => log.warn(message),
    });
  }

  function follow({ recordTyping }: Settings): void {
    recorder?.leaveExcluded();
    if (recordTyping === (recorder !== undefined)) return;
    const before = recorder;
    recorder = recordTyping ? start() : undefined;
    void before?.flush();
    see(vscode.window.activeTextEditor);
  }

  function see(editor: vscode.TextEditor | undefined): void {
    if (!recorder || !editor || !isSupported(editor.document)) return;
    const { document, options } = editor;
    const text = wholeTextOf(document);
    if (text === undefined) return;
    recorder.see({
      ...placeOf(document.uri),
      languageId: document.languageId,
      text,
      version: document.version,
      tabSize: typeof options.tabSize === "number" ? options.tabSize : 4,
      insertSpaces: options.insertSpaces !== false,
    });
  }

  function textNow({ uri }: DocumentView): string | undefined {
    const document = vscode.workspace.textDocuments.find((one) => one.uri.toString() === uri);
    return document && wholeTextOf(document);
  }

  const listeners = vscode.Disposable.from(
    settings.onChange(follow),
    vscode.window.onDidChangeActiveTextEditor(see),
    vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) =>
      recorder?.changed(
        document.uri.toString(),
        document.version,
        contentChanges.map(({ rangeOffset, rangeLength, text }) => ({
          offset: rangeOffset,
          removed: rangeLength,
          inserted: text,
        })),
      ),
    ),
    vscode.window.onDidChangeTextEditorSelection(({ textEditor: { document }, selections }) =>
      recorder?.moved(document.uri.toString(), document.offsetAt(selections[0]!.active)),
    ),
  );
  follow(settings.current);

  return {
    /** The pipeline, with what it is asked and told in the recording. */
    watch: (pipeline: Pipeline): Pipeline => recordedPipeline(pipeline, () => recorder, textNow),
    /** Before the window closes. */
    flush: async (): Promise<void> => recorder?.flush(),
    dispose: () => listeners.dispose(),
  };
}

export type TraceRecorder = ReturnType<typeof createTraceRecorder>;

/** Shows the folder of the recordings in the system's file manager. */
export async function openRecordings(storage: vscode.Uri): Promise<void> {
  const folder = folderOf(storage);
  await mkdir(folder, { recursive: true });
  await vscode.commands.executeCommand("revealFileInOS", vscode.Uri.file(folder));
}
