import { join } from "node:path";
import { build } from "esbuild";

const root = join(import.meta.dirname, "../../..");

/**
 * Bundles programs for plain Node as the engine's process is bundled; paths are relative to the checkout.
 * @param {Readonly<Record<string, string>>} entries name of the bundle, without its extension → the program's file
 * @param {string} outdir
 * @param {string} [extension] of the bundles
 */
export const bundlePrograms = (entries, outdir, extension = ".js") =>
  build({
    absWorkingDir: root,
    entryPoints: Object.entries(entries).map(([out, path]) => ({ in: path, out })),
    outdir,
    outExtension: { ".js": extension },
    bundle: true,
    format: "esm",
    target: "node20",
    platform: "node",
    external: ["webgpu"],
    loader: { ".wgsl": "text" },
    logLevel: "error",
    banner: {
      js: 'import { createRequire as r } from "node:module"; const require = r(import.meta.url); const __filename = import.meta.filename;',
    },
  });
