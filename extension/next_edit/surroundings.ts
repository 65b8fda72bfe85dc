import * as vscode from "vscode";

/** What the active editor is, as far as next edits ask: looked up when it may have changed, not with each key. */
export interface Surroundings {
  /** A text editor: no side of a diff, no cell of a notebook. */
  readonly isPlain: boolean;
  readonly isCopilotOn: boolean;
  readonly hasWordWrap: boolean;
  /** The editor shows ghost text. */
  readonly showsGhosts: boolean;
}

export function watchSurroundings(onChange: () => void) {
  let current: Surroundings = { ...lookAtTab(), ...lookAtSettings() };
  const note = (seen: Partial<Surroundings>) => {
    current = { ...current, ...seen };
    onChange();
  };
  const noteTab = () => note(lookAtTab());
  const listeners = vscode.Disposable.from(
    vscode.window.onDidChangeActiveTextEditor(() => note({ ...lookAtTab(), ...lookAtSettings() })),
    vscode.window.tabGroups.onDidChangeTabs(noteTab),
    vscode.window.tabGroups.onDidChangeTabGroups(noteTab),
    vscode.extensions.onDidChange(noteTab),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("github.copilot")) noteTab();
      if (event.affectsConfiguration("editor")) note(lookAtSettings());
    }),
  );
  return {
    get current(): Surroundings {
      return current;
    },
    dispose: () => listeners.dispose(),
  };
}

function lookAtTab(): Pick<Surroundings, "isPlain" | "isCopilotOn"> {
  const uri = vscode.window.activeTextEditor?.document.uri.toString();
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  return {
    isPlain: input instanceof vscode.TabInputText && input.uri.toString() === uri,
    isCopilotOn: isCopilotOn(),
  };
}

/** Costs the editor a millisecond and more, since a document's settings are put together from those of each level. */
function lookAtSettings(): Pick<Surroundings, "hasWordWrap" | "showsGhosts"> {
  const editor = vscode.workspace.getConfiguration("editor", vscode.window.activeTextEditor?.document);
  return {
    hasWordWrap: editor.get("wordWrap", "off") !== "off",
    showsGhosts: editor.get("inlineSuggest.enabled", true),
  };
}

/** Two that put next edits under Tab would be one too many. */
function isCopilotOn(): boolean {
  const isActive = ["GitHub.copilot-chat", "GitHub.copilot"].some(
    (id) => vscode.extensions.getExtension(id)?.isActive,
  );
  if (!isActive) return false;
  const copilot = vscode.workspace.getConfiguration("github.copilot");
  return copilot.get("nextEditSuggestions.enabled") === true;
}
