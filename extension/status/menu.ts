import * as vscode from "vscode";
import { FIX_INLINE_SUGGEST } from "../internal.ts";
import type { Status } from "./status.ts";
import { statusFace } from "./status_text.ts";

interface Item extends vscode.QuickPickItem {
  readonly command?: readonly [command: string, ...args: unknown[]];
}

export async function showMenu(status: Status): Promise<void> {
  const { view } = status;
  const { t } = vscode.l10n;
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
      item(
        "package",
        smaller ? t("Choose a Smaller Model…") : t("Choose Another Model…"),
        "foretype.manageModels",
      ),
    );
  }
  if (view.engine.kind === "failed" || view.trouble !== null)
    items.push(item("debug-restart", t("Restart Engine"), "foretype.restartEngine"), line);
  if (!view.inlineSuggest)
    items.push(item("wrench", t("Turn On the Editor's Inline Suggestions"), FIX_INLINE_SUGGEST), line);

  items.push(
    view.enabled
      ? item("circle-slash", t("Turn Off Suggestions"), "foretype.toggle")
      : item("check", t("Turn On Suggestions"), "foretype.toggle"),
    view.snoozedForMs > 0
      ? item("bell", t("End the Snooze"), "foretype.snooze")
      : item("bell-slash", t("Snooze…"), "foretype.snooze"),
  );
  if (language)
    items.push(
      view.languageOff === null
        ? item("circle-slash", t("Turn Off for {0}", language), "foretype.toggleLanguage")
        : item("check", t("Turn On for {0}", language), "foretype.toggleLanguage"),
    );
  items.push(
    line,
    item("question", t("Why No Suggestion Here?"), "foretype.whyNoSuggestion"),
    item("graph", t("Statistics"), "foretype.showStatistics"),
    line,
    item("package", t("Manage Models…"), "foretype.manageModels"),
    item("circuit-board", t("Model and Device"), "foretype.showDevice"),
    item("gear", t("Settings"), "workbench.action.openSettings", "@ext:foretype.foretype"),
    item("output", t("Log"), "foretype.showLog"),
  );

  const choice = await vscode.window.showQuickPick(items, {
    placeHolder: statusFace(view, "full", vscode.l10n).label,
  });
  if (choice?.command) await vscode.commands.executeCommand(...choice.command);
}
