import { join } from "node:path";
import { build } from "esbuild";

const root = join(import.meta.dirname, "../../..");

/** Bundles a program for plain Node as the engine's process is bundled; paths are relative to the checkout. */
export const bundleProgram = (entry: string, outfile: string) =>
  build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
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
