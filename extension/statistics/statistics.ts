import * as vscode from "vscode";
import { isStoredMetrics } from "../../engine/complete/index.ts";
import { systemClock } from "../../engine/contract/index.ts";

import { createSharedMetrics } from "./shared_metrics.ts";
import { createStore } from "./store.ts";

/** The metrics of all windows, in one folder; they stay on this machine. */
export function createStatistics(folder: vscode.Uri, log: vscode.LogOutputChannel) {
  const changed = new vscode.EventEmitter<void>();
  const shared = createSharedMetrics({
    ...createStore({
      folder: folder.fsPath,
      isSound: isStoredMetrics,
      log: (level, sentence) => log[level](sentence),
    }),
    onChange: () => changed.fire(),
    log: (message) => log.warn(message),
    clock: systemClock,
  });

  const focus = vscode.window.onDidChangeWindowState(
    ({ focused }) => void (focused ? shared.enter() : shared.leave()),
  );
  void shared.enter();

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
