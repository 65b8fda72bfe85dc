import * as vscode from "vscode";
import type { FileChunk } from "../../engine/complete/index.ts";
import { type FileToRead, isSupported, placeOf } from "../editor/index.ts";
import type { IgnoredFiles } from "./ignored_files.ts";
import { namesBefore } from "./names.ts";

const LINES_ABOVE = 10;
const MAX_CHARACTERS = 10_000; // of these lines: longer ones are data
const PAUSE_MS = 300; // the language service is busy while the user types
const TARGET_LINES = 20;
const MAX_BYTES = 1 << 19; // of a file that is read for one definition
const KNOWN_MAX = 200;

export interface DefinitionsOptions {
  /** Whether suggestions for this document may use definitions. */
  readonly isWanted: (document: vscode.TextDocument) => boolean;
  readonly isExcluded: (file: FileToRead) => boolean;
  readonly ignoredFiles: IgnoredFiles;
}

/**
 * Definitions of the names near the cursor, by the editor's own language services. They are looked up in pauses, and
 * kept: a request takes what is known and waits for nothing.
 */
export function createDefinitions({ isWanted, isExcluded, ignoredFiles }: DefinitionsOptions) {
  /** By document and name, the longest unused first. */
  const known = new Map<string, FileChunk | null>();
  let near: readonly string[] = [];
  let pause: NodeJS.Timeout | undefined;
  let round = 0;

  async function lookUp(document: vscode.TextDocument, cursor: vscode.Position): Promise<void> {
    const mine = ++round;
    const { version } = document;
    const from = document.offsetAt(new vscode.Position(Math.max(0, cursor.line - LINES_ABOVE), 0));
    const at = document.offsetAt(cursor);
    if (at - from > MAX_CHARACTERS) return;
    const start = document.positionAt(from);
    const names = namesBefore(document.getText(new vscode.Range(start, cursor)), 0, at - from);
    near = names.map(({ name }) => keyOf(document, name));
    for (const [index, { offset }] of names.entries()) {
      const key = near[index]!;
      if (known.has(key)) continue;
      const chunk = await definitionAt(document, document.positionAt(from + offset));
      if (mine !== round || document.version !== version) return; // the places have moved
      known.set(key, chunk ?? null);
      if (known.size > KNOWN_MAX) known.delete(known.keys().next().value!);
    }
  }

  async function definitionAt(
    document: vscode.TextDocument,
    position: vscode.Position,
  ): Promise<FileChunk | undefined> {
    try {
      const [found] =
        (await vscode.commands.executeCommand<(vscode.Location | vscode.LocationLink)[]>(
          "vscode.executeDefinitionProvider",
          document.uri,
          position,
        )) ?? [];
      if (!found) return undefined;
      const uri = "targetUri" in found ? found.targetUri : found.uri;
      const range = "targetUri" in found ? found.targetRange : found.range;
      if (uri.toString() === document.uri.toString() || isExcluded({ uri })) return undefined;
      if (await ignoredFiles.find(uri)) return undefined;
      if ((await vscode.workspace.fs.stat(uri)).size > MAX_BYTES) return undefined;
      const target = await vscode.workspace.openTextDocument(uri);
      if (isExcluded(target)) return undefined; // by its language, which is known only now
      // Some services name the identifier alone: the lines below it are its body.
      const last = range.isSingleLine ? range.start.line + TARGET_LINES : range.end.line;
      const end = Math.min(last, range.start.line + TARGET_LINES, target.lineCount - 1);
      const text = target.getText(new vscode.Range(range.start.line, 0, end, Number.MAX_SAFE_INTEGER));
      return { ...placeOf(uri), languageId: target.languageId, text: text.replaceAll("\r\n", "\n") };
    } catch {
      return undefined; // no language service, or one that failed: not reported
    }
  }

  const listener = vscode.window.onDidChangeTextEditorSelection(({ textEditor, selections }) => {
    clearTimeout(pause);
    const { document } = textEditor;
    if (textEditor !== vscode.window.activeTextEditor || !isSupported(document) || !isWanted(document))
      return;
    const cursor = selections[0]!.active;
    pause = setTimeout(() => void lookUp(document, cursor), PAUSE_MS);
  });

  return {
    /** Of the names near the cursor, the farthest first. */
    get chunks(): readonly FileChunk[] {
      return near.flatMap((key) => known.get(key) ?? []).reverse();
    },
    /** What was looked up in, or found in, other documents may have changed. */
    forget: () => known.clear(),
    dispose(): void {
      clearTimeout(pause);
      listener.dispose();
    },
  };
}

const keyOf = ({ uri }: vscode.TextDocument, name: string): string => `${uri.toString()}\n${name}`;
