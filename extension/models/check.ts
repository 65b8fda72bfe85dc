import { setTimeout as wait } from "node:timers/promises";
import * as vscode from "vscode";
import type { ModelDescription } from "../../engine/contract/index.ts";
import { type CheckedPlan, checkPlan, type PullPlan } from "../../engine/library/index.ts";
import { showProgress } from "../editor/index.ts";
import { baseName } from "../words/index.ts";
import type { ModelsOptions } from "./options.ts";

/** Before it is said that a check runs: VS Code drops the fourth notification within 0.8 s, which may be the one that counts. */
const QUIET_MS = 1000;

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
  const controller = new AbortController();
  const { signal } = controller;
  const describe = engine.describeRemote;
  let isOver = false;
  const work = checkPlan(plan, (path, remote) => describe(path, remote, signal), { hub, signal })
    .catch((error) => {
      if (signal.aborted) return undefined;
      throw error;
    })
    .finally(() => {
      isOver = true;
    });
  await Promise.race([work, wait(QUIET_MS)]);
  if (isOver) return work;
  return showProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: `Reading what ${baseName(plan.model.name)} is`,
      cancellable: true,
    },
    (_, token) => {
      token.onCancellationRequested(() => controller.abort());
      return work;
    },
  );
}
