import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { projectRoot } from "../../model_file/index.ts";
import type { Comparison } from "./compare.ts";
import type { SpeedReport } from "./speed_report.ts";

/** What the page's script is handed. */
export interface PageData {
  readonly report: SpeedReport;
  readonly comparison: Comparison | null;
}

/** The page's script and style as the build made them, everything in them. */
export interface PageParts {
  readonly script: string;
  readonly style: string;
}

/** Reads what the build has put beside the command line. */
export async function readPageParts(): Promise<PageParts> {
  const read = (name: string) => readFile(join(projectRoot(), "out", "report", name), "utf8");
  return { script: await read("report.page.js"), style: await read("report.page.css") };
}

const escapeText = (text: string): string =>
  text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]!);

/** One page that needs nothing else: script, style and numbers are in it, and it may load nothing. */
export function htmlOf(data: PageData, { script, style }: PageParts): string {
  const { about } = data.report;
  const json = JSON.stringify(data).replaceAll("<", "\\u003c"); // so that no text of a device ends the element
  const policy = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:";
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeText(`${about.modelName} on ${about.device}`)}</title>
<style>${style.replaceAll("</style", "<\\/style")}</style>
</head>
<body>
<main id="page"><noscript>This page draws with a script of its own; report.md has the same numbers.</noscript></main>
<script type="application/json" id="data">${json}</script>
<script>${script.replaceAll("</script", "<\\/script")}</script>
</body>
</html>
`;
}
