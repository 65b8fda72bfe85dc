import * as vscode from "vscode";
import { pageHtml } from "./html.ts";

export type PageName = "statistics" | "trace" | "device" | "explain";

export interface PageOptions {
  readonly name: PageName;
  readonly title: string;
  readonly column: vscode.ViewColumn;
  /** What the page starts with. */
  readonly data: unknown;
  /** Messages of the page; the reader checks them. */
  readonly onMessage: (message: { readonly kind: string } & Record<string, unknown>) => void;
}

/** Opens one of our pages in a panel. It loads nothing but our own bundle and styles. */
export function openPage(context: vscode.ExtensionContext, options: PageOptions): vscode.WebviewPanel {
  const folder = vscode.Uri.joinPath(context.extensionUri, "out", "webviews");
  const panel = vscode.window.createWebviewPanel(
    `foretype.${options.name}`,
    options.title,
    { viewColumn: options.column, preserveFocus: options.name === "explain" },
    { enableScripts: true, localResourceRoots: [folder] },
  );
  panel.iconPath = vscode.Uri.joinPath(context.extensionUri, "media", "icon.png");
  const { webview } = panel;
  const uri = (file: string) => webview.asWebviewUri(vscode.Uri.joinPath(folder, file)).toString();
  webview.onDidReceiveMessage((message: unknown) => {
    const { kind } = (message ?? {}) as { kind?: unknown };
    if (typeof kind === "string") options.onMessage(message as { kind: string });
  });
  webview.html = pageHtml({
    title: options.title,
    cspSource: webview.cspSource,
    script: uri(`${options.name}.page.js`),
    styles: [uri("page.css"), uri(`${options.name}.page.css`)].slice(
      0,
      options.name === "statistics" ? 2 : 1,
    ),
    data: options.data,
    language: vscode.env.language,
  });
  return panel;
}
