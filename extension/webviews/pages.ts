import * as vscode from "vscode";
import type { ModelRole, Services } from "../services/index.ts";
import { openPage, type PageName } from "./panel.ts";

interface Page {
  readonly title: string;
  readonly data: () => unknown;
  readonly onMessage?: (message: { readonly kind: string } & Record<string, unknown>) => void;
}

/** Commands that open the pages; an open page is brought to the front, and follows what it shows. */
export function registerPages(services: Services): vscode.Disposable {
  const panels = new Map<PageName, vscode.WebviewPanel>();

  const pages: Readonly<Record<Exclude<PageName, "explain">, Page>> = {
    statistics: {
      title: "Foretype Statistics",
      data: () => services.metrics.summary(),
      onMessage: ({ kind }) => {
        if (kind === "reset") void vscode.commands.executeCommand("foretype.resetStatistics");
      },
    },
    trace: {
      title: "Foretype Trace",
      data: () => services.traces(),
      onMessage: ({ kind, text }) => {
        if (kind === "copy" && typeof text === "string") void vscode.env.clipboard.writeText(text);
      },
    },
    device: {
      title: "Foretype Model and Device",
      data: () => null, // comes with the first update
      onMessage: ({ kind }) => {
        const commands: Readonly<Record<string, string>> = {
          choose: "foretype.manageModels",
          unload: "foretype.unloadModel",
          restart: "foretype.restartEngine",
          log: "foretype.showLog",
        };
        const command = Object.hasOwn(commands, kind) && commands[kind];
        if (command) void vscode.commands.executeCommand(command).then(() => update("device"));
      },
    },
  };

  async function deviceData(): Promise<unknown> {
    const describe = async (role: ModelRole) => {
      try {
        return { role, ...(await services.engine.describe(role)) };
      } catch (error) {
        return { role, error: (error as Error).message };
      }
    };
    const [completion, chat] = await Promise.all([describe("completion"), describe("chat")]);
    return {
      state: services.engine.state,
      status: await services.engine.status(),
      models: [completion, chat],
    };
  }

  async function update(name: PageName): Promise<void> {
    const panel = panels.get(name);
    if (!panel?.visible || name === "explain") return;
    const data = name === "device" ? await deviceData() : pages[name].data();
    // The panel may have been closed while the engine answered.
    if (panels.get(name) === panel) await panel.webview.postMessage({ kind: "data", data });
  }

  function open(name: Exclude<PageName, "explain">): void {
    const there = panels.get(name);
    if (there) {
      there.reveal();
      return;
    }
    const { title, data, onMessage } = pages[name];
    const panel = openPage(services.context, {
      name,
      title,
      column: vscode.ViewColumn.Active,
      data: data(),
      onMessage: (message) => (message.kind === "ready" ? void update(name) : onMessage?.(message)),
    });
    panels.set(name, panel);
    panel.onDidDispose(() => panels.delete(name));
    panel.onDidChangeViewState(() => void update(name));
  }

  return vscode.Disposable.from(
    vscode.commands.registerCommand("foretype.showStatistics", () => open("statistics")),
    vscode.commands.registerCommand("foretype.showTrace", () => open("trace")),
    vscode.commands.registerCommand("foretype.showDevice", () => open("device")),
    services.onMetrics(() => void update("statistics")),
    services.onTrace(() => void update("trace")),
    services.engine.onState(() => void update("device")),
    {
      dispose() {
        for (const panel of [...panels.values()]) panel.dispose();
      },
    },
  );
}
