// Bundles quality.ts, as scripts/build.mjs does the engine (its shaders are text), and runs it.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { ROOT } from "../../../scripts/steps.mjs";

const outfile = join(ROOT, "out", "quality.js");
await build({
  absWorkingDir: ROOT,
  entryPoints: ["test/bench/quality/quality.ts"],
  outfile,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20",
  packages: "external",
  loader: { ".wgsl": "text" },
  logLevel: "warning",
});
await import(pathToFileURL(outfile).href);
