import * as vscode from "vscode";
import type { ModelDescription } from "../../engine/contract/index.ts";
import { type CheckedPlan, checkPlan, type PullPlan } from "../../engine/library/index.ts";
import { baseName } from "../words/index.ts";
import type { ModelsOptions } from "./options.ts";

/**
 * Checks a model on the Hub before its download, in the engine's process: a large vocabulary takes a second to read, for
 * which this one would be blocked (I7). Undefined if the user did not wait for it.
 * @throws UserError for a model that loading would refuse, or whose headers cannot be had
 */
export async function checkModel(
  { engine, settings }: ModelsOptions,
  plan: PullPlan,
): Promise<CheckedPlan<ModelDescription> | undefined> {
  const { hub } = settings.current.library;
  return vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: `Reading what ${baseName(plan.model.name)} is`,
      cancellable: true,
    },
    async (_, token) => {
      const controller = new AbortController();
      token.onCancellationRequested(() => controller.abort());
      const { signal } = controller;
      try {
        const describe = engine.describeRemote;
        return await checkPlan(plan, (path, remote) => describe(path, remote, signal), { hub, signal });
      } catch (error) {
        if (signal.aborted) return undefined;
        throw error;
      }
    },
  );
}
