// Bundles what runs: the command line and the page of its reports, the engine's process, the extension and its pages, to out/.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { build } from "esbuild";
import { ROOT } from "./steps.mjs";

const OUT = join(ROOT, "out");
/** @satisfies {import("esbuild").BuildOptions} */
const common = {
  absWorkingDir: ROOT,
  bundle: true,
  sourcemap: true,
  logLevel: /** @type {const} */ ("warning"),
  metafile: /** @type {const} */ (true),
  write: /** @type {const} */ (false),
};

// CommonJS packages in an ES module's bundle call require and ask for their file name.
const banner = `import { createRequire as bundleRequire } from "node:module";
import { fileURLToPath as bundlePath } from "node:url";
const require = bundleRequire(import.meta.url);
const __filename = bundlePath(import.meta.url);`;

const engine = await build({
  ...common,
  entryPoints: { cli: "engine/cli/main.ts", process: "engine/server/process.ts" },
  outdir: "out",
  format: "esm",
  platform: "node",
  target: "node20",
  external: ["webgpu"],
  loader: { ".wgsl": "text" }, // shaders go into the bundle as strings
  banner: { js: banner },
});

/** @type {import("esbuild").Plugin} The editor's names are copied once, and not by each file that imports them. */
const vscodeOnce = {
  name: "vscode-once",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^vscode$/ }, ({ namespace }) =>
      namespace === "vscode" ? { path: "vscode", external: true } : { path: "vscode", namespace: "vscode" },
    );
    onLoad({ filter: /^vscode$/, namespace: "vscode" }, () => ({ contents: `export * from "vscode";` }));
  },
};

const extension = await build({
  ...common,
  entryPoints: { extension: "extension/extension.ts" },
  outdir: "out",
  outExtension: { ".js": ".cjs" },
  format: "cjs",
  platform: "node",
  target: "node20",
  plugins: [vscodeOnce],
  minifyWhitespace: true, // it is compiled at each start of a window; the source map has the lines
});

/** @param {string} folder with `*.page.ts` and styles @param {string} outdir @param {boolean} [minify] */
const buildPages = (folder, outdir, minify = false) =>
  build({
    ...common,
    entryPoints: readdirSync(folder)
      .filter((name) => name.endsWith(".page.ts") || name.endsWith(".css"))
      .map((name) => join(folder, name)),
    outdir,
    outbase: folder,
    format: "iife",
    platform: "browser",
    target: "es2022",
    sourcemap: false,
    minify,
  });
const pages = await buildPages(join(ROOT, "extension", "webviews", "pages"), "out/webviews");
const report = await buildPages(join(ROOT, "engine", "cli", "report", "page"), "out/report", true); // each report has it in it

/** The table of grammars is TypeScript, which the oldest Node that we run on does not read. */
async function knownGrammars() {
  const { outputFiles } = await build({
    ...common,
    stdin: { contents: `export { GRAMMARS } from "./engine/complete/text/syntax.ts";`, resolveDir: ROOT },
    format: "esm",
    platform: "node",
    sourcemap: false,
  });
  const module = Buffer.from(/** @type {import("esbuild").OutputFile} */ (outputFiles[0]).contents).toString(
    "base64",
  );
  const { GRAMMARS } = await import(`data:text/javascript;base64,${module}`);
  return [...new Set(GRAMMARS.values())].sort();
}

const WASM = join(ROOT, "node_modules", "@vscode", "tree-sitter-wasm", "wasm");
const grammars = await knownGrammars();
const wasmFiles = ["tree-sitter", ...grammars.map((name) => `tree-sitter-${name}`)];

const bundles = [engine, extension, pages, report];
const outputs = [
  ...bundles.flatMap(({ outputFiles }) => outputFiles),
  ...wasmFiles.map((name) => ({
    path: join(OUT, "grammars", `${name}.wasm`),
    contents: readFileSync(join(WASM, `${name}.wasm`)),
  })),
];

// What a package takes from here, and what its notices have to name.
const files = outputs.map(({ path }) => relative(ROOT, path).split(sep).join("/"));
const packages = bundles
  .flatMap(({ metafile }) => Object.keys(metafile.inputs))
  .map((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]) // the innermost: packages nest
  .filter(Boolean);
const built = {
  files: files.filter((path) => !path.endsWith(".map")).sort(),
  packages: [...new Set(packages)].sort(),
  grammars,
};
outputs.push({ path: join(OUT, "built.json"), contents: Buffer.from(`${JSON.stringify(built, null, 2)}\n`) });

// Tests build while other tests use what was built: a file that is the same stays, another one comes in one step.
for (const { path, contents } of outputs) {
  if (existsSync(path) && readFileSync(path).equals(contents)) continue;
  mkdirSync(dirname(path), { recursive: true });
  const part = `${path}.${process.pid}`;
  const mode = contents[0] === 0x23 /* #! */ ? 0o755 : 0o644;
  writeFileSync(part, contents, { mode });
  renameSync(part, path);
}
