import * as vscode from "vscode";
import type { ModelDescription } from "../../engine/contract/index.ts";
import { EMBEDDED_MODEL } from "../../engine/contract/index.ts";
import { showError, showProgress } from "../editor/index.ts";
import type { ModelRole } from "../services/index.ts";
import { rememberFile } from "./files.ts";
import { gpuMemory, type ModelsOptions } from "./options.ts";
import { memoryWarning, modelFacts, refusal } from "./roles.ts";

/** Lets the user give roles to a model file, of those that it can fill; `role`, where the caller needs that one. */
export async function useModel(
  options: ModelsOptions,
  path: string,
  role: ModelRole | undefined,
): Promise<void> {
  const model = await showProgress(
    { location: vscode.ProgressLocation.Window, title: "Reading the model file" },
    () => options.engine.describeFile(path),
  );
  const roles = await chooseRoles(model, role, await gpuMemory(options));
  if (!roles) return;
  const { completionModel, chatModel } = options.settings.current;
  await setModels({
    ...Object.fromEntries(roles.map((one) => [one, path])),
    // An empty chat model follows the completion model: not away from a file that was chosen, when only that changes.
    ...(roles.includes("chat") || completionModel.path === EMBEDDED_MODEL ? {} : { chat: chatModel.path }),
  });
  if (path !== EMBEDDED_MODEL) await rememberFile(options, path);
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
  const asked: readonly ModelRole[] = role ? [role] : ["completion", "chat"];
  const refusals = asked.flatMap((one) => refusal(model, one) ?? []);
  const able = asked.filter((one) => refusal(model, one) === undefined);
  if (able.length === 0) {
    void showError(refusals.join(" "));
    return undefined;
  }
  const warning = memoryWarning(model, memoryBytes);
  if (role && !warning) return able;
  const names = { completion: "Complete code", chat: "Explain and refactor" };
  const items = [
    ...(able.length === 2 ? [{ label: "Both", roles: able }] : []),
    ...able.map((one) => ({ label: names[one], roles: [one] })),
  ];
  const choice = await vscode.window.showQuickPick(items, {
    title: `${model.name} · ${modelFacts(model)}`,
    placeHolder: warning ?? refusals[0] ?? "What is this model for?",
  });
  return choice?.roles;
}
