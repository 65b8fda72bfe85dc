import * as vscode from "vscode";
import { type PathInWorkspace, pathInWorkspace } from "./folders.ts";
import { targetOf } from "./links.ts";

/** Names a file, and says where it lies: what rules on paths look at. */
export function placeOf(
  uri: vscode.Uri,
): PathInWorkspace & { readonly uri: string; readonly target?: string } {
  // By path, for the cells of a notebook have a scheme of their own; two hosts may have the same paths.
  const folders = (vscode.workspace.workspaceFolders ?? []).filter(
    (folder) => folder.uri.scheme !== uri.scheme || folder.uri.authority === uri.authority,
  );
  const named = folders.map(({ name, uri: { path } }) => ({ name, path }));
  const target = targetOf(uri);
  return {
    uri: uri.toString(),
    ...pathInWorkspace(uri.path, named),
    ...(target !== undefined && { target }),
  };
}

/** A document's path within its workspace folder; with several folders, after the folder's name. */
export const pathOf = (uri: vscode.Uri): string => placeOf(uri).path;

/** Where code is written: not output, comments, search results, nor the old side of a diff. */
const SCHEMES = [
  "file",
  "untitled",
  "vscode-notebook-cell",
  "vscode-interactive-input",
  "vscode-vfs",
  "vscode-remote",
  "vscode-scm", // the box for a commit message, where `foretype.languages` turns it on
];

export const SELECTOR: vscode.DocumentSelector = SCHEMES.map((scheme) => ({ scheme }));

export const isSupported = ({ uri }: vscode.TextDocument): boolean => SCHEMES.includes(uri.scheme);
