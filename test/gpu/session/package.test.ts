// What a desktop VS Code would start: the Node and the Dawn of this platform's package, as they lie in the VSIX.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createEngineClient } from "../../../engine/client/client.ts";
import { hostCommand } from "../../../engine/client/host_command.ts";
import { childEnvironment } from "../../../scripts/environment.mjs";
import { build, makePackage, targetFor, thisPlatform } from "../../../scripts/package/package.mjs";
import { TARGETS } from "../../../scripts/package/targets.mjs";
import { readZip, type ZippedFile } from "../../../scripts/package/zip.mjs";
import { fixtures, temporaryFolder } from "../support/models.ts";

const target = TARGETS[targetFor(thisPlatform)];

const windows = process.platform === "win32";
const node = windows ? "node/node.exe" : "node/bin/node";

/** An installed extension does not know the checkout: it is told of the software devices and the Vulkan loader there. */
const env = childEnvironment({
  FORETYPE_DEVICE: process.env.FORETYPE_DEVICE ?? (process.platform === "linux" ? "lavapipe" : "auto"),
});

let files: readonly ZippedFile[];
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let extensionPath: string;

beforeAll(async () => {
  folder = await temporaryFolder();
  extensionPath = folder.at("extension");
  await build();
  const { vsix } = await makePackage(thisPlatform, () => {});
  files = readZip(readFileSync(vsix));
  for (const { path, read } of files) {
    const to = folder.at(path);
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, read(), { mode: 0o644 }); // as by a tool that loses the mode
  }
});
afterAll(() => folder?.[Symbol.asyncDispose]());

const inside = () =>
  files.map(({ path }) => path).flatMap((path) => /^extension\/(.*)$/.exec(path)?.slice(1) ?? []);

test("the package holds what runs, and nothing of development", () => {
  const paths = inside();
  for (const needed of [
    "package.json",
    "package.nls.json",
    "readme.md",
    "changelog.md",
    "LICENSE.txt",
    "THIRD-PARTY-NOTICES.txt",
    "sbom.cdx.json",
    "out/extension.cjs",
    "out/process.js",
    "out/cli.js",
    "out/webviews/statistics.page.js",
    "out/report/report.page.css",
    "out/report/report.page.js",
    "out/grammars/tree-sitter.wasm",
    "out/grammars/tree-sitter-typescript.wasm",
    "media/icon.png",
    "media/model/foretype-mini.gguf",
    "node/LICENSE",
    node,
  ]) {
    expect(paths, needed).toContain(needed);
  }
  const strays = /\.map$|\.tsx?$|(^|\/)(test|shaders|engine|\.cache)\/|packages?-lock|built\.json|libvulkan/;
  expect(paths.filter((path) => strays.test(path))).toEqual([]);
  const dawns = paths.filter((path) => path.endsWith("dawn.node"));
  expect(dawns).toEqual([`out/node_modules/webgpu/dist/${target.dawn}/dawn.node`]);
});

test("its bill of materials names every package in the bundles, Node, and every binary by its checksum", () => {
  const text = (path: string) => readFileSync(join(extensionPath, path), "utf8");
  const { bomFormat, components } = JSON.parse(text("sbom.cdx.json")) as {
    bomFormat: string;
    components: { name: string; version?: string; hashes: { alg: string; content: string }[] }[];
  };
  expect(bomFormat).toBe("CycloneDX");
  const names = components.map(({ name }) => name);
  const { packages } = JSON.parse(readFileSync("out/built.json", "utf8")) as { packages: string[] };
  expect(names).toEqual(expect.arrayContaining([...packages, "webgpu"]));
  expect(components.find(({ name }) => name === "node")!.version).toBe(target.node.split("@")[1]);
  const binaries = inside().filter((path) => /\.(node|wasm|gguf|dll|dylib)$/.test(path));
  expect(binaries.length).toBeGreaterThan(10);
  for (const path of binaries) {
    const { hashes } = components.find(({ name }) => name === path)!;
    const content = createHash("sha256")
      .update(readFileSync(join(extensionPath, path)))
      .digest("hex");
    expect(hashes).toEqual([{ alg: "SHA-256", content }]);
  }
  expect(text("sbom.cdx.json")).not.toMatch(/https?:\/\/(?!cyclonedx\.org)|timestamp|serialNumber/);
});

test("its manifest is for this platform, with every text that it names", () => {
  const text = (path: string) => readFileSync(join(extensionPath, path), "utf8");
  expect(readFileSync(folder.at("extension.vsixmanifest"), "utf8")).toContain(
    `TargetPlatform="${thisPlatform}"`,
  );
  const texts = JSON.parse(text("package.nls.json"));
  const named = [...text("package.json").matchAll(/"%([\w.]+)%"/g)].map(([, name]) => name!);
  expect(named.filter((name) => !texts[name])).toEqual([]);
});

test.skipIf(windows)(
  "its Node is packed as a program, and the extension makes it one where that was lost",
  () => {
    expect(files.find(({ path }) => path === `extension/${node}`)!.mode & 0o111).toBe(0o111);
    const path = join(extensionPath, node);
    expect(statSync(path).mode & 0o111).toBe(0);
    expect(desktop().execPath).toBe(path);
    expect(statSync(path).mode & 0o111).toBe(0o111);
  },
);

/** The engine's command in a desktop VS Code, which is Electron. */
const desktop = () =>
  hostCommand({
    extensionPath,
    electron: "37.3.1",
    execPath: "electron",
    platform: process.platform,
    env: { ...env, ELECTRON_RUN_AS_NODE: "1" },
    allowedNodeEnvironmentFlags: new Set(),
  });

test("the Node that it brings is the one that was pinned, and completes a file on the Dawn that it brings", async () => {
  const { execPath } = desktop();
  const run = promisify(execFile);
  const { stdout: version } = await run(execPath, ["--version"], { env });
  expect(`v${target.node.split("@")[1]}`).toBe(version.trim());

  const sample = folder.at("stack.ts");
  copyFileSync(join(fixtures, "sample/stack.ts"), sample);
  const place = `${sample}:27:11`;
  const cli = join(extensionPath, "out/cli.js");
  const completed = await run(execPath, [cli, "complete", place, "--json"], { env, cwd: dirname(sample) });
  const { shown, device } = JSON.parse(completed.stdout);
  expect(device).toMatch(env.FORETYPE_DEVICE === "lavapipe" ? /llvmpipe/ : /./);
  expect(shown).toMatch(/^\.\w+/);
});

test("the engine's process says hello under it, and writes code", async () => {
  const states: string[] = [];
  const client = createEngineClient({
    command: desktop,
    settings: { device: "auto", memoryLimit: 0, unloadAfterMinutes: 0 },
    onState: ({ kind }) => states.push(kind),
    onLog: () => {},
  });
  try {
    const completer = client.completerFor(() => ({ path: "mini" }));
    const prompt = {
      path: "area.ts",
      prefix: "export function area(width: number, height: number): number {\n",
      middle: "  return width * ",
      suffix: "\n}\n",
      context: [],
    };
    let written = "";
    for await (const { text } of completer.complete({ prompt, maxTokens: 4, priority: "invoked" })) {
      written += text;
    }
    expect(written).toMatch(/\w/);
    expect(states.slice(0, 2)).toEqual(["starting", "running"]);
    expect(states).not.toContain("crashed");
  } finally {
    client.dispose();
  }
});

test("under it the engine's JavaScript writes to its data folder alone", async () => {
  const script = `
    import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
    import { open } from "node:inspector";
    const attempt = (act) => {
      try { act(); return "done"; } catch ({ code }) { return code; }
    };
    const [data, elsewhere] = process.argv.slice(1);
    console.log(JSON.stringify([
      attempt(() => mkdirSync(data, { recursive: true })),
      attempt(() => writeFileSync(data + "/a.json", "{}")),
      attempt(() => writeFileSync(elsewhere, "")),
      attempt(() => rmSync(process.execPath)),
      attempt(() => readFileSync(process.execPath).length),
      attempt(() => open(0)),
    ]));`;
  const data = folder.at("data home");
  const { execPath, flags } = hostCommand({
    extensionPath,
    electron: "37.3.1",
    execPath: "electron",
    platform: process.platform,
    env: { ...env, XDG_DATA_HOME: data, LOCALAPPDATA: data, HOME: data },
    allowedNodeEnvironmentFlags: new Set(),
  });
  const own = /--allow-fs-write=(.*)[\\/]\*$/.exec(flags!.find((flag) => flag.includes("fs-write"))!)![1]!;
  const run = [...flags!, "--input-type=module", "--eval", script, own, folder.at("elsewhere.txt")];
  const { stdout, stderr } = await promisify(execFile)(execPath, run, { env });
  expect(stderr).toBe("");
  const denied = "ERR_ACCESS_DENIED";
  expect(JSON.parse(stdout)).toEqual(["done", "done", denied, denied, "done", denied]);
});

test("a package without its Node is refused in one sentence", () => {
  const elsewhere = folder.at("elsewhere");
  expect(() =>
    hostCommand({
      extensionPath: elsewhere,
      electron: "37.3.1",
      execPath: "electron",
      platform: "linux",
      env,
      allowedNodeEnvironmentFlags: new Set(),
    }),
  ).toThrow(/^This package has no Node for linux \(.*missing\): install the Foretype package/);
});
