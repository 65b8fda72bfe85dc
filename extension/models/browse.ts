import * as vscode from "vscode";
import { diskBytes } from "../words/index.ts";
import { modelsAtTopOf } from "./files.ts";

/** A model file that the user looks up on this machine. */
export const browseForFile = (): Promise<string | undefined> =>
  open({
    title: "Choose a Model File",
    filters: { "GGUF models": ["gguf"] },
  });

/** The model of a folder, which the user picks where there are several; the folder itself where there is none. */
export async function browseForFolder(): Promise<string | undefined> {
  const folder = await open({
    title: "Choose the Folder of a Model",
    canSelectFolders: true,
    canSelectFiles: false,
  });
  if (folder === undefined) return undefined;
  const models = await modelsAtTopOf(folder);
  if (models.length === 0) return folder; // reading it says what is missing
  if (models.length === 1) return models[0]!.path;
  const items = models.map(({ name, bytes, path }) => ({ label: name, description: diskBytes(bytes), path }));
  return (await vscode.window.showQuickPick(items, { title: folder, placeHolder: "A model" }))?.path;
}

async function open(options: vscode.OpenDialogOptions): Promise<string | undefined> {
  const [chosen] = (await vscode.window.showOpenDialog({ openLabel: "Choose", ...options })) ?? [];
  return chosen?.fsPath;
}
