import * as vscode from "vscode";
import type { Lifecycle } from "../engine/complete/index.ts";
import type { Engine } from "./engine.ts";
import { FIX_INLINE_SUGGEST, MENU, OPEN_SAMPLE } from "./internal.ts";
import { type Downloads, manageModels } from "./models/index.ts";
import { openRecordings } from "./recording/trace_recorder.ts";
import { openSample } from "./sample.ts";
import type { ModelRole, Services } from "./services.ts";
import { diagnostics } from "./statistics/diagnostics.ts";
import { showMenu } from "./status/menu.ts";
import type { Status } from "./status/status.ts";
import { showWhy, type WhyOptions } from "./status/why.ts";
import type { Snooze } from "./suggest/snooze.ts";
import { toggle, toggleLanguage, turnOnInlineSuggest } from "./suggest/toggles.ts";

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
  const run = (command: string, ...args: unknown[]) => vscode.commands.executeCommand(command, ...args);
  const models = (role?: ModelRole) =>
    manageModels({ engine, settings, memory: context.globalState, downloads }, role);
  const partly = (command: string) => {
    lifecycle.partialCommand();
    return run(command);
  };
  const commands: Record<string, (...args: never[]) => unknown> = {
    "foretype.triggerSuggestion": () => run("editor.action.inlineSuggest.trigger"),
    "foretype.acceptSuggestion": () => run("editor.action.inlineSuggest.commit"),
    "foretype.acceptNextLine": () => partly("editor.action.inlineSuggest.acceptNextLine"),
    "foretype.acceptNextWord": () => partly("editor.action.inlineSuggest.acceptNextWord"),
    "foretype.toggle": () => toggle(settings.current),
    "foretype.toggleLanguage": () => toggleLanguage(settings.current),
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

async function resetStatistics({ metrics }: Services): Promise<void> {
  const reset = "Reset";
  const answer = await vscode.window.showWarningMessage(
    "Reset all statistics of Foretype? What was counted is deleted from this machine.",
    { modal: true },
    reset,
  );
  if (answer === reset) metrics.reset();
}

async function exportDiagnostics(services: Services): Promise<void> {
  const { context, engine, settings, metrics, traces } = services;
  const quietly = <T>(promise: Promise<T>): Promise<T | null> => promise.catch(() => null);
  const isRunning = engine.state.kind === "running" || engine.state.kind === "loading";
  const content = diagnostics({
    versions: {
      foretype: String((context.extension.packageJSON as { version: unknown }).version),
      vscode: vscode.version,
      node: process.versions.node,
      electron: process.versions.electron ?? "none",
      system: `${process.platform} ${process.arch}`,
    },
    settings: settings.current,
    engine: engine.state,
    status: isRunning ? ((await quietly(engine.status())) ?? null) : null,
    // Reading a model would start the engine, which may be what fails.
    model: isRunning ? await quietly(engine.describe("completion")) : null,
    metrics: metrics.stored(),
    traces: traces(),
  });
  const document = await vscode.workspace.openTextDocument({
    language: "json",
    content: `${JSON.stringify(content, null, 2)}\n`,
  });
  await vscode.window.showTextDocument(document);
}
