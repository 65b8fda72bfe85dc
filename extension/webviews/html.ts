import { randomBytes } from "node:crypto";

export interface PageParts {
  readonly title: string;
  /** `vscode.Webview.cspSource`. */
  readonly cspSource: string;
  /** Through `asWebviewUri`. */
  readonly script: string;
  readonly styles: readonly string[];
  /** What the page starts with; read by its script. */
  readonly data: unknown;
  readonly language: string;
}

/**
 * A page that may load our own script and styles, and nothing else: no remote content, no inline script or style. Data
 * goes in as an inert block, so that nothing of it is ever read as markup.
 */
export function pageHtml({ title, cspSource, script, styles, data, language }: PageParts): string {
  const nonce = randomBytes(16).toString("base64");
  const policy = [
    "default-src 'none'",
    `style-src ${cspSource}`,
    `script-src 'nonce-${nonce}'`,
    `font-src ${cspSource}`,
    `img-src ${cspSource}`,
  ].join("; ");
  // `<` cannot end the block early when it is written as an escape.
  const json = JSON.stringify(data ?? null).replaceAll("<", "\\u003c");
  const links = styles.map((href) => `<link rel="stylesheet" href="${escapeHtml(href)}">`).join("\n");
  return `<!DOCTYPE html>
<html lang="${escapeHtml(language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
${links}
</head>
<body>
<main id="page" aria-label="${escapeHtml(title)}"></main>
<script type="application/json" id="data" nonce="${nonce}">${json}</script>
<script nonce="${nonce}" src="${escapeHtml(script)}"></script>
</body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
