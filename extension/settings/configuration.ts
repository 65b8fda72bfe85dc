import { homedir } from "node:os";
import * as vscode from "vscode";
import { readSettings, type Settings } from "./settings.ts";

/** The settings now, and told when they change. What is wrong with them goes to the log, once a change. */
export function watchConfiguration(log: vscode.LogOutputChannel) {
  const changed = new vscode.EventEmitter<Settings>();
  const read = (): Settings => {
    const configuration = vscode.workspace.getConfiguration("foretype");
    const { settings, warnings } = readSettings({
      get: (name) => configuration.get(name),
      levels(name) {
        const { globalValue, workspaceValue } = configuration.inspect(name) ?? {};
        return { user: globalValue, workspace: vscode.workspace.isTrusted ? workspaceValue : undefined };
      },
      home: homedir(),
    });
    for (const warning of warnings) log.warn(warning);
    return settings;
  };
  let current = read();
  const reread = () => {
    current = read();
    changed.fire(current);
  };
  const listeners = vscode.Disposable.from(
    changed,
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("foretype")) reread();
    }),
    // Restricted settings of the workspace come into force.
    vscode.workspace.onDidGrantWorkspaceTrust(reread),
  );
  return {
    get current(): Settings {
      return current;
    },
    onChange: changed.event,
    dispose: () => listeners.dispose(),
  };
}

/** Where a setting that the user changes by a click is written: where it is set already, else in the user's settings. */
export function writeSetting(name: string, value: unknown): Thenable<void> {
  const configuration = vscode.workspace.getConfiguration("foretype");
  const { workspaceValue } = configuration.inspect(name) ?? {};
  const target =
    workspaceValue === undefined ? vscode.ConfigurationTarget.Global : vscode.ConfigurationTarget.Workspace;
  return configuration.update(name, value, target);
}
