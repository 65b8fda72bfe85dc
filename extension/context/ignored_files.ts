import * as vscode from "vscode";
import { editorPace, inSlices } from "../../engine/complete/index.ts";
import { type IgnoreFile, ignoreFileInPieces, isIgnored } from "./gitignore.ts";

/**
 * Whether Git ignores a file of the workspace, by the `.gitignore` files from its workspace folder down. They are read
 * when they are first needed, in the background: until then every file counts as ignored.
 */
export function createIgnoredFiles() {
  const files = new Map<string, Promise<IgnoreFile | undefined>>();
  /** By document: whether it is ignored, once that is known. */
  const known = new Map<string, boolean>();
  /** The same, as it was before an ignore file changed. */
  const before = new Map<string, boolean>();
  const watcher = vscode.workspace.createFileSystemWatcher("**/.gitignore");
  const forget = () => {
    files.clear();
    known.clear();
  };

  async function read(folder: vscode.Uri, within: string): Promise<IgnoreFile | undefined> {
    try {
      const bytes = await vscode.workspace.fs.readFile(vscode.Uri.joinPath(folder, within, ".gitignore"));
      return await inSlices(
        ignoreFileInPieces(within, new TextDecoder().decode(bytes)),
        undefined,
        editorPace,
      );
    } catch {
      return undefined; // most folders have none
    }
  }

  async function find(uri: vscode.Uri): Promise<boolean> {
    const ignored = await look(uri);
    known.set(uri.toString(), ignored);
    before.set(uri.toString(), ignored);
    return ignored;
  }

  async function look(uri: vscode.Uri): Promise<boolean> {
    const folder = vscode.workspace.getWorkspaceFolder(uri);
    if (!folder) return false;
    const path = uri.path.slice(folder.uri.path.replace(/\/?$/, "/").length);
    const above = path.split("/").map((_, depth, parts) =>
      parts
        .slice(0, depth)
        .map((part) => `${part}/`)
        .join(""),
    );
    const found = await Promise.all(
      above.map((within) => {
        const key = vscode.Uri.joinPath(folder.uri, within).toString();
        const file = files.get(key) ?? read(folder.uri, within);
        files.set(key, file);
        return file;
      }),
    );
    return isIgnored(
      path,
      found.filter((file) => file !== undefined),
    );
  }

  const listeners = vscode.Disposable.from(
    watcher,
    watcher.onDidChange(forget),
    watcher.onDidCreate(forget),
    watcher.onDidDelete(forget),
    vscode.workspace.onDidCloseTextDocument(({ uri }) => {
      for (const map of [known, before]) map.delete(uri.toString());
    }),
  );
  return {
    find,
    /** At once; true where it is not known yet. */
    isIgnored(uri: vscode.Uri): boolean {
      const key = uri.toString();
      const answer = known.get(key);
      if (answer === undefined) void find(uri);
      return answer ?? true;
    },
    /** As it was known last: while an ignore file is read again, nothing that was followed is forgotten. */
    wasIgnored(uri: string): boolean {
      if (!known.has(uri) && before.has(uri)) void find(vscode.Uri.parse(uri, true));
      return before.get(uri) ?? false;
    },
    dispose: () => listeners.dispose(),
  };
}

export type IgnoredFiles = ReturnType<typeof createIgnoredFiles>;
