import * as vscode from "vscode";
import { FIX_INLINE_SUGGEST } from "../words/index.ts";
import type { Status } from "./status.ts";
import { statusFace } from "./status_text.ts";

interface Item extends vscode.QuickPickItem {
  readonly command?: readonly [command: string, ...args: unknown[]];
}

export async function showMenu(status: Status): Promise<void> {
  const { view } = status;
  const language = vscode.window.activeTextEditor?.document.languageId;
  const item = (icon: string, label: string, ...command: [string, ...unknown[]]): Item => ({
    label: `$(${icon}) ${label}`,
    command,
  });
  const line: Item = { label: "", kind: vscode.QuickPickItemKind.Separator };
  const items: Item[] = [];

  if (view.modelTrouble) {
    const smaller = view.modelTrouble === "memory";
    items.push(
      item("package", smaller ? "Choose a Smaller Model…" : "Choose Another Model…", "foretype.manageModels"),
    );
  }
  if (view.engine.kind === "failed" || view.trouble !== null)
    items.push(item("debug-restart", "Restart Engine", "foretype.restartEngine"), line);
  if (!view.inlineSuggest)
    items.push(item("wrench", "Turn On the Editor's Inline Suggestions", FIX_INLINE_SUGGEST), line);

  items.push(
    view.enabled
      ? item("circle-slash", "Turn Off Suggestions", "foretype.toggle")
      : item("check", "Turn On Suggestions", "foretype.toggle"),
    view.snoozedForMs > 0
      ? item("bell", "End the Snooze", "foretype.snooze")
      : item("bell-slash", "Snooze…", "foretype.snooze"),
  );
  if (language)
    items.push(
      view.languageOff === null
        ? item("circle-slash", `Turn Off for ${language}`, "foretype.toggleLanguage")
        : item("check", `Turn On for ${language}`, "foretype.toggleLanguage"),
    );
  items.push(
    line,
    item("question", "Why No Suggestion Here?", "foretype.whyNoSuggestion"),
    item("graph", "Statistics", "foretype.showStatistics"),
    line,
    item("package", "Manage Models…", "foretype.manageModels"),
    item("circuit-board", "Model and Device", "foretype.showDevice"),
    item("gear", "Settings", "workbench.action.openSettings", "@ext:foretype.foretype"),
    item("output", "Log", "foretype.showLog"),
  );

  const choice = await vscode.window.showQuickPick(items, {
    placeHolder: statusFace(view, "full").label,
  });
  if (choice?.command) await vscode.commands.executeCommand(...choice.command);
}
