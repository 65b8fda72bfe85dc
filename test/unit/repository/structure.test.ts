import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { cruise, type ICruiseResult, type IForbiddenRuleType } from "dependency-cruiser";
import { afterAll, beforeAll, expect, test } from "vitest";

/** Files of a small house, by path. Each imports nothing but what it is there to show. */
const house: Readonly<Record<string, string>> = {
  "engine/errors/index.ts": "export const error = 1;",
  "engine/contract/index.ts": "export type Clock = number;",
  "engine/gguf/index.ts": 'export { file } from "./file.ts";',
  "engine/gguf/file.ts": 'import { open } from "node:fs/promises";\nexport const file = open;',
  "engine/gpu/index.ts": 'export { device } from "./device.ts";',
  "engine/gpu/device.ts": 'import { create } from "webgpu";\nexport const device = create;',
  "engine/text/index.ts": "export const fim = 1;",
  "engine/model/index.ts": "export type Layer = number;\nexport const layer = 1;",
  "engine/model/attention.ts":
    'import { device } from "../gpu/index.ts";\nimport source from "../../shaders/attention.wgsl";\nexport const attention = [device, source];',
  "engine/model/layers/index.ts": "export const block = 1;",
  "engine/draft/index.ts": "export const draft = 1;",
  "engine/state/index.ts": "export const tape = 1;",
  "engine/complete/index.ts": "export const gate = 1;",
  "engine/generate/index.ts": "export const session = 1;",
  "engine/library/index.ts": 'export { hub } from "./hub.ts";',
  "engine/library/hub.ts": 'import { listFiles } from "@huggingface/hub";\nexport const hub = listFiles;',
  "engine/client/index.ts": "export const client = 1;",
  "engine/cli/main.ts":
    'const commands = await import("./commands/index.ts");\nimport manifest from "../../package.json";\nexport default [commands, manifest];',
  "engine/cli/commands/index.ts": 'import { hub } from "../../library/index.ts";\nexport const pull = hub;',
  "engine/text/comment.ts":
    '// import "../model/index.ts"\nexport const text = "import \'../model/index.ts\'";',
  "extension/suggest/index.ts":
    'import * as vscode from "vscode";\nimport { client } from "../../engine/client/index.ts";\nexport const ghost = [vscode, client];',
  "shaders/attention.wgsl": "@compute fn main() {}",
  "test/reference/random.ts": "export const seeded = 1;",
  "package.json": "{}",
};

/** What forbidden imports lead to. */
const targets: Readonly<Record<string, string>> = {
  "engine/state/b.ts": 'import type { A } from "./a.ts"; export type B = A;',
  "engine/helpers/list.ts": 'import "../errors/index.ts";',
  "engine/model/layers/block.ts": "export const block = 1;",
};

/** A file of one import each, and the rule that it breaks. */
const forbidden: readonly (readonly [path: string, text: string, rule: string])[] = [
  ["engine/gpu/a.ts", 'import { layer } from "../model/index.ts"; export default layer;', "floor-gpu-text"],
  ["engine/gpu/b.ts", 'import type { Layer } from "../model/index.ts";', "floor-gpu-text"],
  ["engine/gpu/c.ts", 'import { type Layer } from "../model/index.ts";', "floor-gpu-text"],
  ["engine/gpu/d.ts", 'export * from "../model/index.ts";', "floor-gpu-text"],
  ["engine/gpu/e.ts", 'export type { Layer } from "../model/index.ts";', "floor-gpu-text"],
  ["engine/gpu/f.ts", 'export const plan = await import("../model/index.ts");', "floor-gpu-text"],
  ["engine/gpu/g.ts", 'import "../model/index.ts";', "floor-gpu-text"],
  ["engine/gpu/h.ts", 'export let layer: import("../model/index.ts").Layer;', "floor-gpu-text"],
  ["engine/gpu/i.ts", 'const plan = require("../model/index.ts");', "floor-gpu-text"],
  ["engine/gpu/j.ts", 'import "../text/index.ts";', "floor-gpu-text"],
  ["engine/draft/a.ts", 'import "../state/index.ts";', "floor-draft-state"],
  ["engine/complete/a.ts", 'import "../generate/index.ts";', "floor-complete-generate-library-model_file"],
  ["engine/errors/a.ts", 'import "../gpu/index.ts";', "floor-errors"],
  ["engine/client/a.ts", 'import "../../extension/suggest/index.ts";', "floor-client"],
  ["engine/gguf/a.ts", 'import "../../test/reference/random.ts";', "floor-gguf"],
  ["shaders/a.ts", 'import "../engine/errors/index.ts";', "floor-shaders"],
  ["engine/gguf/b.ts", 'import "../helpers/list.ts";', "on-a-floor"],
  ["engine/model/a.ts", 'import "../gguf/file.ts";', "room-engine/gguf"],
  ["engine/model/b.ts", 'import type { block } from "./layers/block.ts";', "room-engine/model/layers"],
  ["engine/state/a.ts", 'import type { B } from "./b.ts"; export type A = B;', "no-circles"],
  ["engine/gguf/c.ts", 'import "./is_not_there.ts";', "resolvable"],
  ["engine/complete/b.ts", 'import type { TextDocument } from "vscode";', "vscode-in-extension"],
  ["engine/model/c.ts", 'import { globals } from "webgpu";', "webgpu-in-gpu"],
  ["engine/server/a.ts", 'import { listFiles } from "@huggingface/hub";', "network-in-library"],
  ["engine/generate/a.ts", 'import { request } from "node:https";', "network-in-library"],
  ["engine/server/b.ts", 'import "../library/index.ts";', "no-network-in-engine-process"],
  ["engine/server/c.ts", 'import "../model_file/detour.ts";', "no-network-in-engine-process"],
  [
    "engine/model_file/detour.ts",
    'import "../library/index.ts";',
    "floor-complete-generate-library-model_file",
  ],
  ["engine/complete/c.ts", 'import { readFileSync } from "node:fs";', "no-files-in-pure-folders"],
  ["engine/text/a.ts", 'import { readFile } from "fs/promises";', "no-files-in-pure-folders"],
  ["engine/generate/b.ts", 'import { fork } from "node:child_process";', "no-files-in-pure-folders"],
];

const folder = realpathSync(mkdtempSync(join(tmpdir(), "foretype-structure-")));
/** Names of broken rules, by the file that breaks them. */
const broken = new Map<string, Set<string>>();

beforeAll(async () => {
  for (const [path, text] of [
    ...Object.entries({ ...house, ...targets }),
    ...forbidden.map(([path, text]) => [path, text] as const),
  ]) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const config = new URL("../../../.dependency-cruiser.mjs", import.meta.url).href;
  const structure = (await import(config)) as {
    forbidden(root: URL): IForbiddenRuleType[];
    options: object;
  };
  const rules = structure.forbidden(pathToFileURL(`${folder}/`));
  const { enhancedResolveOptions, ...options } = structure.options as { enhancedResolveOptions: object };
  const { output } = await cruise(
    ["engine", "extension", "shaders"],
    { ...options, ruleSet: { forbidden: rules }, validate: true, baseDir: folder },
    enhancedResolveOptions,
  );
  for (const { from, rule } of (output as ICruiseResult).summary.violations)
    broken.set(from, (broken.get(from) ?? new Set()).add(rule.name));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the rules let a tidy house pass", () => {
  // The packages of the fixtures are not installed beside them.
  const packages = ["engine/gpu/device.ts", "engine/library/hub.ts"];
  const found = Object.keys(house).filter((path) => broken.has(path) && !packages.includes(path));
  expect(found).toEqual([]);
});

for (const [path, text, rule] of forbidden)
  test(`the rules catch: ${path}: ${text}`, () => expect([...(broken.get(path) ?? [])]).toContain(rule));
