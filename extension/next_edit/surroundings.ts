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
  let current = look();
  const lookAgain = () => {
    current = look();
    onChange();
  };
  const listeners = vscode.Disposable.from(
    vscode.window.onDidChangeActiveTextEditor(lookAgain),
    vscode.window.tabGroups.onDidChangeTabs(lookAgain),
    vscode.window.tabGroups.onDidChangeTabGroups(lookAgain),
    vscode.extensions.onDidChange(lookAgain),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (["editor", "github.copilot"].some((section) => event.affectsConfiguration(section))) lookAgain();
    }),
  );
  return {
    get current(): Surroundings {
      return current;
    },
    dispose: () => listeners.dispose(),
  };
}

function look(): Surroundings {
  const document = vscode.window.activeTextEditor?.document;
  const editor = vscode.workspace.getConfiguration("editor", document);
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  return {
    isPlain: input instanceof vscode.TabInputText && input.uri.toString() === document?.uri.toString(),
    isCopilotOn: isCopilotOn(),
    hasWordWrap: editor.get("wordWrap", "off") !== "off",
    showsGhosts: editor.get("inlineSuggest.enabled", true),
  };
}

/** Two that put next edits under Tab would be one too many. */
function isCopilotOn(): boolean {
  const isActive = ["GitHub.copilot-chat", "GitHub.copilot"].some(
    (id) => vscode.extensions.getExtension(id)?.isActive,
  );
  const copilot = vscode.workspace.getConfiguration("github.copilot");
  return isActive && copilot.get("nextEditSuggestions.enabled") === true;
}
