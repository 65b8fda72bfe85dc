// Bundles what runs: the command line, the engine's process, the extension and its pages, to out/.
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { ROOT } from "./steps.mjs";

const OUT = join(ROOT, "out");
const common = { absWorkingDir: ROOT, bundle: true, sourcemap: true, logLevel: "warning", metafile: true };

// CommonJS packages in an ES module's bundle call require and ask for their file name.
const banner = `import { createRequire as bundleRequire } from "node:module";
import { fileURLToPath as bundlePath } from "node:url";
const require = bundleRequire(import.meta.url);
const __filename = bundlePath(import.meta.url);`;

const engine = await build({
  ...common,
  entryPoints: ["engine/cli.ts", "engine/process.ts"],
  outdir: "out",
  format: "esm",
  platform: "node",
  target: "node20",
  external: ["webgpu"],
  loader: { ".wgsl": "text" }, // shaders go into the bundle as strings
  banner: { js: banner },
});

const extension = await build({
  ...common,
  entryPoints: { extension: "extension/extension.ts" },
  outdir: "out",
  outExtension: { ".js": ".cjs" },
  format: "cjs",
  platform: "node",
  target: "node20",
  external: ["vscode"],
});

const PAGES = join(ROOT, "media", "webviews");
const pages = await build({
  ...common,
  entryPoints: readdirSync(PAGES)
    .filter((name) => name.endsWith(".page.ts") || name.endsWith(".css"))
    .map((name) => join(PAGES, name)),
  outdir: "out/webviews",
  outbase: PAGES,
  format: "iife",
  platform: "browser",
  target: "es2022",
  sourcemap: false,
});

// The grammars of the languages that syntax.ts knows, and the parser itself.
const GRAMMARS = join(ROOT, "node_modules", "@vscode", "tree-sitter-wasm", "wasm");
const source = readFileSync(join(ROOT, "engine", "complete", "syntax.ts"), "utf8");
const known = /GRAMMARS[^=]*=\s*\{([^}]*)\}/.exec(source)[1].matchAll(/: "([\w-]+)"/g);
mkdirSync(join(OUT, "grammars"), { recursive: true });
for (const file of [
  "tree-sitter.wasm",
  ...new Set([...known].map(([, name]) => `tree-sitter-${name}.wasm`)),
]) {
  const to = join(OUT, "grammars", file);
  if (!existsSync(to)) copyFileSync(join(GRAMMARS, file), to);
}

// The packages that ended up in a bundle, for the third-party notices.
const inputs = [engine, extension, pages].flatMap(({ metafile }) => Object.keys(metafile.inputs));
const packages = inputs.map((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]).filter(Boolean);
writeFileSync(join(OUT, "packages.json"), `${JSON.stringify([...new Set(packages)].sort(), null, 2)}\n`);
