import { homedir } from "node:os";
import * as vscode from "vscode";
import type { ModelDescription } from "../engine/protocol.ts";
import type { Engine } from "./engine.ts";
import { modelFacts, refusal } from "./model_roles.ts";
import type { ModelRole } from "./services.ts";
import type { Settings } from "./settings.ts";

const RECENT = "foretype.recentModels";
const RECENT_MAX = 8;

export interface ModelsOptions {
  readonly engine: Engine;
  readonly settings: { readonly current: Settings };
  readonly memory: vscode.Memento;
  readonly report: (error: unknown) => void;
}

interface FileItem extends vscode.QuickPickItem {
  /** Undefined: to be browsed for. */
  readonly path?: string;
}

/** Lets the user choose a model file and what it is for; for one role only, where the caller needs that one. */
export async function chooseModel(options: ModelsOptions, role?: ModelRole): Promise<void> {
  const path = await chooseFile(options, role);
  if (path === undefined) return;
  let model: ModelDescription;
  try {
    model = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Window, title: vscode.l10n.t("Reading the model file") },
      () => options.engine.describeFile(path),
    );
  } catch (error) {
    return options.report(error);
  }
  const roles = await chooseRoles(model, role);
  if (!roles) return;
  const { completionModel, chatModel } = options.settings.current;
  await setModels({
    ...Object.fromEntries(roles.map((one) => [one, path])),
    // An empty chat model follows the completion model: not away from a file that was chosen, when only that changes.
    ...(roles.includes("chat") || completionModel.path === "mini" ? {} : { chat: chatModel.path }),
  });
  const known = options.memory.get<string[]>(RECENT, []).filter((other) => other !== path);
  await options.memory.update(RECENT, [path, ...known].slice(0, RECENT_MAX));
}

async function setModels(paths: { readonly [role in ModelRole]?: string }): Promise<void> {
  const configuration = vscode.workspace.getConfiguration("foretype");
  for (const [role, path] of Object.entries(paths))
    await configuration.update(`model.${role}`, path, vscode.ConfigurationTarget.Global);
}

async function chooseFile(
  { settings, memory }: ModelsOptions,
  role: ModelRole | undefined,
): Promise<string | undefined> {
  const { t } = vscode.l10n;
  const { completionModel, chatModel } = settings.current;
  const uses = (path: string): string =>
    [
      ...(path === completionModel.path ? [t("completes")] : []),
      ...(path === chatModel.path ? [t("explains and refactors")] : []),
    ].join(", ");
  const files = new Set([completionModel.path, chatModel.path, ...memory.get<string[]>(RECENT, [])]);
  files.delete("mini");
  const items: FileItem[] = [
    {
      label: `$(package) ${t("Embedded model")}`,
      description: uses("mini"),
      detail: t("Comes with the extension; small and quick."),
      path: "mini",
    },
    ...[...files].map((path) => ({
      label: `$(file) ${path.replace(/^.*[\\/]/, "")}`,
      description: uses(path),
      detail: path.replace(homedir(), "~"),
      path,
    })),
    { label: `$(folder-opened) ${t("Browse…")}`, detail: t("A GGUF file on this machine.") },
  ];
  const choice = await vscode.window.showQuickPick(items, {
    title: t("Choose Model"),
    placeHolder: role === "chat" ? t("A model that explains and refactors") : t("A model"),
    matchOnDetail: true,
  });
  if (!choice) return undefined;
  if (choice.path !== undefined) return choice.path;
  const [file] =
    (await vscode.window.showOpenDialog({
      title: t("Choose Model"),
      openLabel: t("Choose"),
      filters: { [t("GGUF models")]: ["gguf"] },
    })) ?? [];
  return file?.fsPath;
}

/** The roles that the user gives to a model, of those that it can fill. */
async function chooseRoles(
  model: ModelDescription,
  role: ModelRole | undefined,
): Promise<readonly ModelRole[] | undefined> {
  const { t } = vscode.l10n;
  const asked: readonly ModelRole[] = role ? [role] : ["completion", "chat"];
  const refusals = asked.flatMap((one) => refusal(model, one, vscode.l10n) ?? []);
  const able = asked.filter((one) => refusal(model, one, vscode.l10n) === undefined);
  if (able.length === 0) {
    void vscode.window.showErrorMessage(refusals.join(" "));
    return undefined;
  }
  if (role) return able;
  const names = { completion: t("Complete code"), chat: t("Explain and refactor") };
  const items = [
    ...(able.length === 2 ? [{ label: t("Both"), roles: able }] : []),
    ...able.map((one) => ({ label: names[one], roles: [one] })),
  ];
  const choice = await vscode.window.showQuickPick(items, {
    title: `${model.name} · ${modelFacts(model, vscode.l10n)}`,
    placeHolder: refusals[0] ?? t("What is this model for?"),
  });
  return choice?.roles;
}
