import * as vscode from "vscode";
import { systemClock } from "../../engine/contract/index.ts";

import { createSharedMetrics } from "./shared_metrics.ts";

/** The metrics of all windows, in one file; they stay on this machine. */
export function createStatistics(folder: vscode.Uri, log: vscode.LogOutputChannel) {
  const file = vscode.Uri.joinPath(folder, "statistics.json");
  const changed = new vscode.EventEmitter<void>();

  const shared = createSharedMetrics({
    async read() {
      try {
        return JSON.parse(new TextDecoder().decode(await vscode.workspace.fs.readFile(file)));
      } catch (error) {
        if (!(error instanceof vscode.FileSystemError))
          log.warn(
            `The stored statistics cannot be read (${(error as Error).message}): counting starts again from zero.`,
          );
        return undefined;
      }
    },
    async write(stored) {
      try {
        await vscode.workspace.fs.writeFile(file, new TextEncoder().encode(JSON.stringify(stored)));
      } catch (error) {
        log.error(`The statistics cannot be stored (${(error as Error).message}).`);
      }
    },
    onChange: () => changed.fire(),
    log: (message) => log.warn(message),
    clock: systemClock,
  });

  const focus = vscode.window.onDidChangeWindowState(
    ({ focused }) => void (focused ? shared.enter() : shared.leave()),
  );
  if (vscode.window.state.focused) void shared.enter();

  return {
    metrics: shared.metrics,
    onChange: changed.event,
    /** Before the window closes. */
    flush: () => shared.close(),
    dispose(): void {
      focus.dispose();
      changed.dispose();
    },
  };
}

export type Statistics = ReturnType<typeof createStatistics>;
