import * as vscode from "vscode";
import { type Exclusion, exclusionOf, exclusionSilence } from "../../engine/complete/index.ts";
import { sentenceOf } from "../../engine/errors/index.ts";
import { showInformation } from "./notices.ts";
import { placeOf } from "./paths.ts";

/** A document, or a file whose language is not known yet. */
export interface FileToRead {
  readonly uri: vscode.Uri;
  readonly languageId?: string;
}

/** Why a file is never read; undefined where it may be. */
export const exclusionOfFile = (
  { uri, languageId }: FileToRead,
  exclude: readonly string[],
): Exclusion | undefined =>
  exclusionOf({ ...placeOf(uri), ...(languageId !== undefined && { languageId }) }, exclude);

/** Whether a file may be read; where it may not, says why. */
export function mayRead(file: FileToRead, exclude: readonly string[]): boolean {
  const exclusion = exclusionOfFile(file, exclude);
  if (exclusion) void explain(exclusion);
  return !exclusion;
}

async function explain(exclusion: Exclusion): Promise<void> {
  const silence = exclusionSilence(exclusion);
  const open = "Open Setting";
  if ((await showInformation(sentenceOf(silence), open)) === open)
    await vscode.commands.executeCommand("workbench.action.openSettings", silence.setting);
}
