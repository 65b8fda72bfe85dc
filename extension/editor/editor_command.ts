import * as vscode from "vscode";

/**
 * Runs a command of VS Code that acts on the editor with the cursor. VS Code's own code fails in it where that editor closes meanwhile,
 * or gets another document: nothing is left to act on, so that is no fault.
 * @throws what the command throws else
 */
export async function editorCommand(command: string, ...args: unknown[]): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  try {
    await vscode.commands.executeCommand(command, ...args);
  } catch (error) {
    // An extension is told of a closed editor later than its commands fail.
    const isGone = editor?.document.isClosed || vscode.window.activeTextEditor !== editor;
    if (!isGone && !/\bdisposed\b/i.test(String((error as Error)?.message ?? error))) throw error;
  }
}
