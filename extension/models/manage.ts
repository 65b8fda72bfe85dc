import { homedir } from "node:os";
import * as vscode from "vscode";
import {
  type InstalledModel,
  listModels,
  removeDownload,
  removeModel,
  verifyModel,
} from "../../engine/library/index.ts";
import { showError, showInformation, showProgress, showWarning } from "../editor/index.ts";
import type { ModelRole } from "../services/index.ts";
import { baseName } from "../words/index.ts";
import { browseForFile, browseForFolder } from "./browse.ts";
import { deletion, discarding, forgetting, settingsWithout } from "./delete_text.ts";
import { progressText } from "./download_text.ts";
import { forgetFile, knownFiles } from "./files.ts";
import { askForName, getModel } from "./get.ts";
import { type Act, hubName, modelSections, type Section } from "./list.ts";
import { gpuMemory, libraryFolder, type ModelsOptions, usesOf } from "./options.ts";
import { setModels, useModel } from "./use.ts";

/** Shows the list of models and does what is picked; for one role only, where the caller needs that one. */
export async function manageModels(options: ModelsOptions, role?: ModelRole): Promise<void> {
  for (;;) {
    const act = await pickAct(sections(options, role), role);
    if (!act || !(await perform(act, options, role))) return;
  }
}

async function sections(options: ModelsOptions, role: ModelRole | undefined): Promise<Section[]> {
  const { completionModel, chatModel } = options.settings.current;
  const [library, files, status, memoryBytes] = await Promise.all([
    listModels(libraryFolder(options)),
    knownFiles(options),
    options.engine.service.status().catch(() => undefined),
    gpuMemory(options),
  ]);
  return modelSections({
    completionPath: completionModel.path,
    chatPath: chatModel.path,
    installed: library.models,
    partials: library.partials,
    running: options.downloads.running,
    files,
    loaded: status?.models.map(({ path }) => path) ?? [],
    memoryBytes,
    role,
    home: homedir(),
    canReveal: vscode.env.uiKind === vscode.UIKind.Desktop && vscode.env.remoteName === undefined,
  });
}

interface ActButton extends vscode.QuickInputButton {
  readonly act: Act;
}
interface Item extends vscode.QuickPickItem {
  readonly act?: Act;
  readonly buttons?: readonly ActButton[];
}

/** Shows rows as soon as they are known. @returns what was picked; undefined if the list was left */
function pickAct(rows: Promise<Section[]>, role: ModelRole | undefined): Promise<Act | undefined> {
  const list = vscode.window.createQuickPick<Item>();
  list.title = "Models";
  list.placeholder = {
    none: "Pick a model to use it, or one to get",
    completion: "A model that completes code",
    chat: "A model that explains and refactors",
  }[role ?? "none"];
  list.matchOnDescription = true;
  list.matchOnDetail = true;
  list.busy = true;
  list.show();
  return new Promise<Act | undefined>((resolve, reject) => {
    list.onDidAccept(() => {
      const act = list.selectedItems[0]?.act;
      if (act) resolve(act);
    });
    list.onDidTriggerItemButton(({ button }) => resolve((button as ActButton).act));
    list.onDidHide(() => resolve(undefined));
    rows.then((found) => {
      list.items = found.flatMap(itemsOf);
      list.busy = false;
    }, reject);
  }).finally(() => list.dispose());
}

function itemsOf({ title, rows }: Section): Item[] {
  return [
    { label: title, kind: vscode.QuickPickItemKind.Separator },
    ...rows.map(({ icon, label, description = "", detail = "", act, buttons }) => ({
      label: `$(${icon}) ${label}`,
      description,
      detail,
      act,
      buttons: buttons.map(buttonOf),
    })),
  ];
}

function buttonOf(act: Act): ActButton {
  const faces: { readonly [kind in Act["do"]]?: readonly [icon: string, tooltip: string] } = {
    verify: ["verified", "Verify the Checksum"],
    delete: ["trash", "Delete from This Machine…"],
    discard: ["trash", "Discard What Was Downloaded"],
    reveal: ["folder-opened", "Show in Folder"],
    forget: ["close", "Take off the List"],
    unload: ["eject", "Unload All Models from the GPU"],
  };
  const [icon, tooltip] = faces[act.do] ?? ["question", act.do];
  return { act, tooltip, iconPath: new vscode.ThemeIcon(icon) };
}

/** @returns whether the list is to be shown again */
async function perform(act: Act, options: ModelsOptions, role: ModelRole | undefined): Promise<boolean> {
  switch (act.do) {
    case "use":
      await useModel(options, act.path, role);
      return false;
    case "get":
      await getModel(options, { ...act, role });
      return false;
    case "resume":
      await getModel(options, { name: act.name, agreed: true, role });
      return false;
    case "ask-name": {
      const name = await askForName(options);
      if (name) await getModel(options, { name, role });
      return false;
    }
    case "browse":
    case "choose-folder": {
      const path = await (act.do === "browse" ? browseForFile() : browseForFolder());
      if (path) await useModel(options, path, role);
      return false;
    }
    case "verify":
      await verify(options, act.model, role);
      return false;
    case "reveal":
      await vscode.commands.executeCommand("revealFileInOS", vscode.Uri.file(act.path));
      return false;
    case "delete": {
      const uses = usesOf(options, [act.model.path, ...act.model.files]);
      const { question, detail } = deletion(act.model, uses);
      if (!(await agrees(question, detail, "Delete"))) return true;
      await removeModel(act.model.name, libraryFolder(options));
      await setModels(settingsWithout(uses));
      for (const path of act.model.files) await forgetFile(options, path);
      return true;
    }
    case "forget": {
      const uses = usesOf(options, [act.path]);
      const { question, detail } = forgetting(act.path, uses);
      if (uses.length > 0 && !(await agrees(question, detail, "Take off the List"))) return true;
      await setModels(settingsWithout(uses));
      await forgetFile(options, act.path);
      return true;
    }
    case "unload":
      await options.engine.service.unload();
      return true;
    case "discard": {
      const question = discarding(act.partial);
      if (!(await agrees(question, act.partial.path, "Discard"))) return true;
      await removeDownload(act.partial, libraryFolder(options));
      return true;
    }
    case "cancel":
      await options.downloads.stop(act.download);
      return true;
  }
}

async function agrees(question: string, detail: string, yes: string): Promise<boolean> {
  return (await showWarning(question, { modal: true, detail }, yes)) === yes;
}

async function verify(
  options: ModelsOptions,
  model: InstalledModel,
  role: ModelRole | undefined,
): Promise<void> {
  const title = baseName(model.name);
  const state = await showProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: `Verifying ${title}`,
      cancellable: true,
    },
    async (progress, token) => {
      const controller = new AbortController();
      token.onCancellationRequested(() => controller.abort());
      let shownPercent = -1;
      const onProgress: NonNullable<Parameters<typeof verifyModel>[2]>["onProgress"] = (now) => {
        const percent = Math.floor((100 * now.bytesDone) / now.bytesTotal);
        if (percent === shownPercent) return;
        progress.report({
          message: progressText(now),
          increment: percent - Math.max(0, shownPercent),
        });
        shownPercent = percent;
      };
      try {
        const { signal } = controller;
        return (await verifyModel(model.name, libraryFolder(options), { signal, onProgress })).state;
      } catch (error) {
        if (controller.signal.aborted) return "stopped";
        throw error;
      }
    },
  );
  switch (state) {
    case "right":
      return void showInformation(`${title} is whole: its checksum is the published one.`);
    case "unknown":
      return void showInformation(
        `No checksum is recorded for ${title}, so there is nothing to compare with.`,
      );
    case "wrong": {
      const again = "Download Again";
      const name = hubName(model);
      const message = `${title} is not what was published: download it again.`;
      const choice = await showError(message, ...(name ? [again] : []));
      if (name && choice === again) await getModel(options, { name, agreed: true, role });
    }
  }
}
