import * as vscode from "vscode";
import { sentenceOf } from "../../engine/errors/index.ts";
import { SELECTOR } from "../editor/index.ts";
import type { Settings } from "../settings/index.ts";
import { FIX_INLINE_SUGGEST, MENU } from "../words/index.ts";
import type { Status } from "./status.ts";
import { statusFace, statusTooltip } from "./status_text.ts";

const LINKS = ["foretype.showStatistics", "foretype.whyNoSuggestion"];
const PRIORITY = 100; // right of the cursor's place and the language, where contextual items are

export function showStatusBar(
  status: Status,
  settings: { readonly current: Settings; readonly onChange: vscode.Event<Settings> },
): vscode.Disposable {
  const item = vscode.window.createStatusBarItem("foretype", vscode.StatusBarAlignment.Right, PRIORITY);
  item.name = "Foretype";
  const draw = () => {
    const size = settings.current.statusBar;
    if (size === "hidden") return item.hide();
    const { view } = status;
    const { text, label, severity } = statusFace(view, size);
    item.text = text;
    item.command = severity === "warning" ? FIX_INLINE_SUGGEST : MENU;
    item.accessibilityInformation = { label, role: "button" };
    item.backgroundColor =
      severity === "none" ? undefined : new vscode.ThemeColor(`statusBarItem.${severity}Background`);
    item.tooltip = tooltipOf(statusTooltip(view));
    item.show();
  };
  draw();
  return vscode.Disposable.from(item, status.onChange(draw));
}

function tooltipOf(markdown: string): vscode.MarkdownString {
  const [statistics, why] = LINKS.map((command) => `command:${command}`);
  const links = `[Statistics](${statistics}) · [Why no suggestion here?](${why})`;
  const tooltip = new vscode.MarkdownString(`${markdown}\n\n${links}`, true);
  tooltip.isTrusted = { enabledCommands: LINKS };
  return tooltip;
}

/** The last reason for silence in the active document, in the editor's language status. */
export function showLanguageStatus(status: Status): vscode.Disposable {
  const item = vscode.languages.createLanguageStatusItem("foretype.suggestions", SELECTOR);
  item.name = "Foretype";
  item.command = { command: "foretype.whyNoSuggestion", title: "Why?" };
  const draw = () => {
    const { view } = status;
    const { label, severity } = statusFace(view, "full");
    item.text = view.lastSilence ? sentenceOf(view.lastSilence) : label;
    item.detail = "Foretype";
    item.busy = view.engine.kind === "loading" || view.engine.kind === "starting";
    item.severity = {
      none: vscode.LanguageStatusSeverity.Information,
      warning: vscode.LanguageStatusSeverity.Warning,
      error: vscode.LanguageStatusSeverity.Error,
    }[severity];
  };
  draw();
  return vscode.Disposable.from(item, status.onChange(draw));
}
