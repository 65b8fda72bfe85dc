import * as vscode from "vscode";

/** A document's path within its workspace folder, with forward slashes; outside of any, its whole path. */
export function pathOf({ path }: vscode.Uri): string {
  // By path alone: the cells of a notebook have a scheme of their own.
  const folders = (vscode.workspace.workspaceFolders ?? [])
    .map(({ uri }) => (uri.path.endsWith("/") ? uri.path : `${uri.path}/`))
    .filter((folder) => path.startsWith(folder));
  return path.slice(Math.max(0, ...folders.map(({ length }) => length)));
}

/** Where code is written: not output, source control input, comments, search results, nor the old side of a diff. */
const SCHEMES = ["file", "untitled", "vscode-notebook-cell", "vscode-vfs", "vscode-remote"];

export const SELECTOR: vscode.DocumentSelector = SCHEMES.map((scheme) => ({ scheme }));

export const isSupported = ({ uri }: vscode.TextDocument): boolean => SCHEMES.includes(uri.scheme);
