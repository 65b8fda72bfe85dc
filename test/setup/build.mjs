// Bundles the command line to out/; the shaders go into the bundle as strings.
import { build } from "esbuild";
import { ROOT } from "./steps.mjs";

await build({
  absWorkingDir: ROOT,
  entryPoints: ["engine/cli.ts"],
  outdir: "out",
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20",
  external: ["webgpu"],
  loader: { ".wgsl": "text" },
  sourcemap: true,
  logLevel: "warning",
  // CommonJS packages in the bundle call require for Node's own modules.
  banner: {
    js: 'import { createRequire as bundleRequire } from "node:module"; const require = bundleRequire(import.meta.url);',
  },
});
