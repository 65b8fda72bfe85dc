import * as vscode from "vscode";
import type { Lifecycle } from "../engine/complete/index.ts";
import { editorCommand } from "./editor/index.ts";
import { type Downloads, manageModels } from "./models/index.ts";
import { openRecordings } from "./recording/index.ts";
import type { Engine, ModelRole, Services } from "./services/index.ts";
import { exportDiagnostics, resetStatistics } from "./statistics/index.ts";
import type { Status } from "./status/index.ts";
import { showMenu, showWhy, type WhyOptions } from "./status/index.ts";
import type { Snooze } from "./suggest/index.ts";
import { openSample, toggle, toggleLanguage, turnOnInlineSuggest } from "./suggest/index.ts";
import { FIX_INLINE_SUGGEST, MENU, OPEN_SAMPLE } from "./words/index.ts";

export interface CommandOptions {
  readonly services: Services;
  readonly engine: Engine;
  readonly lifecycle: Lifecycle;
  readonly snooze: Snooze;
  readonly status: Status;
  readonly why: WhyOptions;
  readonly downloads: Downloads;
}

/** All commands but those of explain, refactor and the pages. What fails is shown, never lost. */
export function registerCommands({
  services,
  engine,
  lifecycle,
  snooze,
  status,
  why,
  downloads,
}: CommandOptions): vscode.Disposable {
  const { context, log, settings, report } = services;
  const models = (role?: ModelRole) =>
    manageModels({ engine, settings, memory: context.globalState, downloads }, role);
  const partly = async (command: string) => {
    const done = lifecycle.partialCommand();
    try {
      await editorCommand(command);
    } finally {
      done();
    }
  };
  const commands: Record<string, (...args: never[]) => unknown> = {
    "foretype.triggerSuggestion": () => editorCommand("editor.action.inlineSuggest.trigger"),
    "foretype.acceptSuggestion": () => editorCommand("editor.action.inlineSuggest.commit"),
    "foretype.acceptNextLine": () => partly("editor.action.inlineSuggest.acceptNextLine"),
    "foretype.acceptNextWord": () => partly("editor.action.inlineSuggest.acceptNextWord"),
    "foretype.toggle": () => toggle(settings),
    "foretype.toggleLanguage": () => toggleLanguage(settings),
    "foretype.snooze": () => snooze.ask(),
    "foretype.whyNoSuggestion": () => showWhy(why),
    "foretype.manageModels": () => models(),
    "foretype.chooseModel": models,
    "foretype.unloadModel": () => unload(services),
    "foretype.restartEngine": () => engine.service.restart(),
    "foretype.openWalkthrough": () => openWalkthrough(context),
    "foretype.showLog": () => log.show(),
    "foretype.openRecordings": () => openRecordings(context.globalStorageUri),
    "foretype.resetStatistics": () => resetStatistics(services),
    "foretype.exportDiagnostics": () => exportDiagnostics(services),
    [MENU]: () => showMenu(status),
    [OPEN_SAMPLE]: () => openSample(),
    [FIX_INLINE_SUGGEST]: () => turnOnInlineSuggest(),
  };
  return vscode.Disposable.from(
    ...Object.entries(commands).map(([name, command]) =>
      vscode.commands.registerCommand(name, async (...args: never[]) => {
        try {
          await command(...args);
        } catch (error) {
          report(error);
        }
      }),
    ),
  );
}

async function unload({ engine }: Services): Promise<void> {
  await engine.unload();
  vscode.window.setStatusBarMessage("Foretype: no model holds GPU memory.", 5000);
}

function openWalkthrough({ extension }: vscode.ExtensionContext): Thenable<unknown> {
  const [walkthrough] =
    (extension.packageJSON as { contributes: { walkthroughs?: { id: string }[] } }).contributes
      .walkthroughs ?? [];
  if (!walkthrough) throw new Error("package.json contributes no walkthrough");
  const id = `${extension.id}#${walkthrough.id}`;
  return vscode.commands.executeCommand("workbench.action.openWalkthrough", id, false);
}
