import * as vscode from "vscode";
import type { Proposal } from "../../engine/complete/index.ts";

/** Documents of this scheme are files as a next edit would make them: they exist only in memory. */
const SCHEME = "foretype-next-edit";

/** Shows next edits in the editor's own diff, where a screen reader reads them too. */
export function createDiffEditor() {
  const texts = new Map<string, string>();
  let opened = 0;
  const registrations = vscode.Disposable.from(
    vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
      provideTextDocumentContent: (uri) => texts.get(uri.toString()),
    }),
    vscode.workspace.onDidCloseTextDocument(({ uri }) => texts.delete(uri.toString())),
  );
  return {
    async show(document: vscode.TextDocument, { start, end, fresh, line }: Proposal): Promise<void> {
      const text = document.getText();
      const proposed = document.uri.with({ scheme: SCHEME, query: `${++opened}` });
      texts.set(proposed.toString(), text.slice(0, start) + fresh + text.slice(end));
      const selection = new vscode.Range(line, 0, line, 0);
      const options: vscode.TextDocumentShowOptions = { preview: true, selection };
      const title = `Next Edit, Line ${line + 1}`;
      await vscode.commands.executeCommand("vscode.diff", document.uri, proposed, title, options);
    },
    dispose: () => registrations.dispose(),
  };
}
