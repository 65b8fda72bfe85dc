// Bundles big_files.ts with a stand-in for the editor's API, and runs it.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { ROOT } from "../../scripts/steps.mjs";

const outfile = join(ROOT, "out", "big_files.js");
await build({
  absWorkingDir: ROOT,
  entryPoints: ["test/bench/big_files.ts"],
  outfile,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20",
  packages: "external",
  alias: { vscode: join(ROOT, "test", "unit", "support", "editor.ts") },
  loader: { ".wgsl": "text" },
  logLevel: "warning",
});
await import(pathToFileURL(outfile).href);
