import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { ROOT } from "../../scripts/steps.mjs";

/**
 * Bundles a benchmark in TypeScript as scripts/build.mjs does the engine (its shaders are text), and runs it.
 * @param {string} name of the bundle in out/
 * @param {string} entry its file, from the project's root
 * @param {Record<string, string>} [alias] packages that files stand in for
 */
export async function runBundled(name, entry, alias = {}) {
  const outfile = join(ROOT, "out", `${name}.js`);
  await build({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    packages: "external",
    alias,
    loader: { ".wgsl": "text" },
    logLevel: "warning",
  });
  await import(pathToFileURL(outfile).href);
}
