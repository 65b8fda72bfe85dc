import { constants } from "node:fs";
import { access } from "node:fs/promises";
import * as vscode from "vscode";

/**
 * Whether documents can be edited, as far as an extension can tell: by their file system, their file's permissions and
 * the settings `files.readonly*`. That a user has set one editor read-only is not to be seen; nothing is typed there.
 */
export function createReadOnly() {
  const known = new Map<string, Promise<boolean>>();
  const listeners = vscode.Disposable.from(
    vscode.workspace.onDidCloseTextDocument(({ uri }) => known.delete(uri.toString())),
    // The first save of a read-only file lifts its protection.
    vscode.workspace.onDidSaveTextDocument(({ uri }) => known.delete(uri.toString())),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("files")) known.clear();
    }),
  );
  return {
    /** A file system that takes long to tell counts as one that can be written to, until it has told. */
    check(document: vscode.TextDocument): Promise<boolean> {
      const key = document.uri.toString();
      const answer = known.get(key) ?? isReadOnly(document);
      known.set(key, answer);
      return within(ANSWER_MS, answer, false);
    },
    dispose: () => listeners.dispose(),
  };
}

const ANSWER_MS = 200; // of a file system: a keystroke waits for it

/** What a promise resolves to; `otherwise` where it fails or takes longer than `ms`. */
function within<T>(ms: number, promise: Promise<T>, otherwise: T): Promise<T> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(otherwise), ms);
    promise
      .catch(() => otherwise)
      .then((value) => {
        clearTimeout(timer);
        resolve(value);
      });
  });
}

export type ReadOnly = ReturnType<typeof createReadOnly>;

async function isReadOnly(document: vscode.TextDocument): Promise<boolean> {
  const { uri } = document;
  if (uri.scheme === "untitled" || uri.scheme === "vscode-notebook-cell") return false;
  if (vscode.workspace.fs.isWritableFileSystem(uri.scheme) === false) return true;
  const files = vscode.workspace.getConfiguration("files", uri);
  const folder = vscode.workspace.getWorkspaceFolder(uri);
  const listed = (name: string): boolean =>
    Object.entries(files.get<Record<string, unknown>>(name) ?? {}).some(([glob, on]) => {
      const patterns = folder ? [glob, new vscode.RelativePattern(folder, glob)] : [glob];
      return on === true && patterns.some((pattern) => vscode.languages.match({ pattern }, document) > 0);
    });
  if (listed("readonlyExclude")) return false;
  if (listed("readonlyInclude")) return true;
  try {
    const { permissions } = await vscode.workspace.fs.stat(uri);
    if (permissions && permissions & vscode.FilePermission.Readonly) return true;
  } catch {
    return false; // not saved yet
  }
  if (uri.scheme !== "file" || !files.get("readonlyFromPermissions")) return false;
  return access(uri.fsPath, constants.W_OK).then(
    () => false,
    () => true,
  );
}
