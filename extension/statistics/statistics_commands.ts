import * as vscode from "vscode";
import { showWarning } from "../editor/index.ts";
import type { Services } from "../services/index.ts";
import { diagnostics } from "./diagnostics.ts";

/** Deletes what was counted, if the user agrees. */
export async function resetStatistics({ metrics }: Services): Promise<void> {
  const reset = "Reset";
  const answer = await showWarning(
    "Reset all statistics of Foretype? What was counted is deleted from this machine.",
    { modal: true },
    reset,
  );
  if (answer === reset) metrics.reset();
}

/** Opens a report for a bug as a document; the user decides whom to give it. */
export async function exportDiagnostics(services: Services): Promise<void> {
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
