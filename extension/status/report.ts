import * as vscode from "vscode";
import { UserError } from "../../engine/errors/index.ts";
import { showError } from "../editor/index.ts";
import { modelTrouble } from "../models/index.ts";

const REPEAT_MS = 10_000; // the same sentence again so soon says nothing new

/** Shows what went wrong: a UserError's own sentence, and the list of models where it is about one; of a bug, the way to the log. */
export function createReport(log: vscode.LogOutputChannel) {
  const shownAt = new Map<string, number>();
  return (error: unknown): void => {
    if (!(error instanceof UserError))
      log.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
    const message =
      error instanceof UserError
        ? error.message
        : `Foretype failed (${error instanceof Error ? error.message : String(error)}): see the log for where.`;
    const last = shownAt.get(message) ?? Number.NEGATIVE_INFINITY;
    if (performance.now() - last < REPEAT_MS) return;
    shownAt.set(message, performance.now());
    const trouble = error instanceof UserError ? modelTrouble(error.fault) : undefined;
    const showLog = "Show Log";
    const models = trouble === "memory" ? "Choose a Smaller Model…" : "Manage Models…";
    void showError(message, ...(trouble ? [models] : []), showLog).then((choice) => {
      if (choice === showLog) log.show();
      if (choice === models) void vscode.commands.executeCommand("foretype.manageModels");
    });
  };
}
