import type * as vscode from "vscode";
import { linkTarget } from "../../engine/system/index.ts";

const MOST = 500; // files; resolving one takes some 20 µs
const targets = new Map<string, string | undefined>();

/** Where a file is that its path leads to by a link; looked up once, since each keystroke asks. */
export function targetOf({ scheme, fsPath }: vscode.Uri): string | undefined {
  if (scheme !== "file" && scheme !== "vscode-notebook-cell") return undefined;
  if (!targets.has(fsPath)) {
    if (targets.size >= MOST) targets.clear();
    targets.set(fsPath, linkTarget(fsPath));
  }
  return targets.get(fsPath);
}
