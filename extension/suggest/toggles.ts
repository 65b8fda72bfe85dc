import * as vscode from "vscode";
import { isLanguageOn } from "../../engine/complete/index.ts";
import { showInformation } from "../editor/index.ts";
import type { Settings } from "../settings/index.ts";
import { writeSetting } from "../settings/index.ts";

interface Current {
  readonly current: Settings;
}

let last: Promise<void> = Promise.resolve();

/** One after the other: what a key turns off is known to be off when the next one comes, however soon. */
function inTurn(write: () => PromiseLike<void>): Promise<void> {
  const mine = last.then(write);
  last = mine.catch(() => {}); // told to those who wait for it
  return mine;
}

/** Turns suggestions on or off, everywhere. */
export const toggle = (settings: Current): Promise<void> =>
  inTurn(() => writeSetting("enable", !settings.current.pipeline.enabled));

/** Turns suggestions on or off for the active document's language, and leaves all others as they are set. */
export const toggleLanguage = (settings: Current): Promise<void> => inTurn(() => writeLanguage(settings));

async function writeLanguage({ current: { pipeline } }: Current): Promise<void> {
  const document = vscode.window.activeTextEditor?.document;
  if (!document) {
    void showInformation("Open a file first: suggestions are turned on and off for its language.");
    return;
  }
  const { languageId } = document;
  const isOn = isLanguageOn(pipeline.languages, languageId);
  const set = vscode.workspace.getConfiguration("foretype").inspect<Record<string, boolean>>("languages");
  await writeSetting("languages", {
    ...(set?.workspaceValue ?? set?.globalValue),
    [languageId]: !isOn,
  });
}

/** Sets the editor's own `editor.inlineSuggest.enabled` wherever it is off for a document. */
export async function turnOnInlineSuggest(): Promise<void> {
  const name = "inlineSuggest.enabled";
  const document = vscode.window.activeTextEditor?.document;
  const editor = vscode.workspace.getConfiguration("editor", document);
  const set = editor.inspect<boolean>(name);
  const { Global, Workspace, WorkspaceFolder } = vscode.ConfigurationTarget;
  const levels = [
    [set?.globalValue, Global, false],
    [set?.workspaceValue, Workspace, false],
    [set?.workspaceFolderValue, WorkspaceFolder, false],
    [set?.globalLanguageValue, Global, true],
    [set?.workspaceLanguageValue, Workspace, true],
    [set?.workspaceFolderLanguageValue, WorkspaceFolder, true],
  ] as const;
  for (const [value, target, forLanguage] of levels)
    if (value === false) await editor.update(name, true, target, forLanguage);
}
