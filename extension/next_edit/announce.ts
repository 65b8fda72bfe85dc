import * as vscode from "vscode";
import { showProgress } from "../editor/index.ts";

const ANNOUNCED_MS = 10_000; // then the notification goes; the sentence is still in the status bar

/**
 * Has screen readers read a sentence. The stable API has no call for that (microsoft/vscode#114718), the status bar is no live region
 * (#227512), and decorations have no words: of all that an extension may show, VS Code reads notifications aloud alone. So where
 * `editor.accessibilitySupport` is "on", as it is once the user has told VS Code of a screen reader, the sentence is a notification
 * too, one of the kind that takes no focus and that we can close.
 * @returns takes it away
 */
export function announce(sentence: string): vscode.Disposable {
  const editor = vscode.workspace.getConfiguration("editor");
  if (editor.get<string>("accessibilitySupport") !== "on") return { dispose() {} };
  let close = () => {};
  const closed = new Promise<void>((resolve) => {
    close = resolve;
  });
  const timer = setTimeout(close, ANNOUNCED_MS);
  void showProgress({ location: vscode.ProgressLocation.Notification, title: sentence }, () => closed);
  return {
    dispose() {
      clearTimeout(timer);
      close();
    },
  };
}
