import * as vscode from "vscode";
import type { ModelDescription } from "../../engine/contract/index.ts";
import type { ModelRole } from "../services.ts";
import { rememberFile } from "./files.ts";
import { gpuMemory, type ModelsOptions } from "./options.ts";
import { memoryWarning, modelFacts, refusal } from "./roles.ts";

/** Lets the user give roles to a model file, of those that it can fill; `role`, where the caller needs that one. */
export async function useModel(
  options: ModelsOptions,
  path: string,
  role: ModelRole | undefined,
): Promise<void> {
  const model = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: vscode.l10n.t("Reading the model file") },
    () => options.engine.describeFile(path),
  );
  const roles = await chooseRoles(model, role, await gpuMemory(options));
  if (!roles) return;
  const { completionModel, chatModel } = options.settings.current;
  await setModels({
    ...Object.fromEntries(roles.map((one) => [one, path])),
    // An empty chat model follows the completion model: not away from a file that was chosen, when only that changes.
    ...(roles.includes("chat") || completionModel.path === "mini" ? {} : { chat: chatModel.path }),
  });
  if (path !== "mini") await rememberFile(options, path);
}

export async function setModels(paths: { readonly [role in ModelRole]?: string }): Promise<void> {
  const configuration = vscode.workspace.getConfiguration("foretype");
  for (const [role, path] of Object.entries(paths))
    await configuration.update(`model.${role}`, path, vscode.ConfigurationTarget.Global);
}

/** The roles that the user gives to a model, of those that it can fill. */
async function chooseRoles(
  model: ModelDescription,
  role: ModelRole | undefined,
  memoryBytes: number | null,
): Promise<readonly ModelRole[] | undefined> {
  const { t } = vscode.l10n;
  const asked: readonly ModelRole[] = role ? [role] : ["completion", "chat"];
  const refusals = asked.flatMap((one) => refusal(model, one, vscode.l10n) ?? []);
  const able = asked.filter((one) => refusal(model, one, vscode.l10n) === undefined);
  if (able.length === 0) {
    void vscode.window.showErrorMessage(refusals.join(" "));
    return undefined;
  }
  const warning = memoryWarning(model, memoryBytes, vscode.l10n);
  if (role && !warning) return able;
  const names = { completion: t("Complete code"), chat: t("Explain and refactor") };
  const items = [
    ...(able.length === 2 ? [{ label: t("Both"), roles: able }] : []),
    ...able.map((one) => ({ label: names[one], roles: [one] })),
  ];
  const choice = await vscode.window.showQuickPick(items, {
    title: `${model.name} · ${modelFacts(model, vscode.l10n)}`,
    placeHolder: warning ?? refusals[0] ?? t("What is this model for?"),
  });
  return choice?.roles;
}
