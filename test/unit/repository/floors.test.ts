import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** First match wins. Paths that match the same row are one folder. */
const rows: readonly (readonly [pattern: RegExp, floor: number])[] = [
  [/^package\.json$/, 0],
  [/^media\/models\.json$/, 0],
  [/^shaders\//, 0],
  [/^engine\/errors\//, -1],
  [/^engine\/contract\//, 0],
  [/^engine\/gguf\//, 1],
  [/^engine\/gpu\//, 2],
  [/^engine\/text\//, 2],
  [/^engine\/model\//, 3],
  [/^engine\/draft\//, 4],
  [/^engine\/state\//, 4],
  [/^engine\/complete\//, 5],
  [/^engine\/generate\//, 5],
  [/^engine\/library\//, 5],
  [/^engine\/model_file\//, 5],
  [/^engine\/client\//, 6],
  [/^engine\/(cli|server)\//, 7],
  [/^extension\//, 8],
];

/** Packages that only some folders may import, or that some folders may not. */
const packageRules: readonly { name: RegExp; allowed: (path: string) => boolean; rule: string }[] = [
  { name: /^vscode$/, allowed: (path) => path.startsWith("extension/"), rule: "only extension/ imports it" },
  {
    name: /^webgpu(\/|$)/,
    allowed: (path) => path.startsWith("engine/gpu/"),
    rule: "only engine/gpu/ imports it",
  },
  {
    name: /^(@huggingface\/hub|undici)$/,
    allowed: (path) => path.startsWith("engine/library/"),
    rule: "only engine/library/ goes to the network (I8)",
  },
  {
    name: /^(node:)?(fs(\/promises)?|child_process)$/,
    allowed: (path) => !/^engine\/(complete|text|generate)\//.test(path),
    rule: "complete, text and generate know no files or processes",
  },
];

/** What the file must not import, one sentence each. Paths start at the root and use forward slashes. */
function violations(path: string, text: string): string[] {
  const own = rows.find(([pattern]) => pattern.test(path));
  if (!own) return [`${path} stands on no floor of DESIGN.md`];
  const imported = ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
  return imported.flatMap((name) => {
    if (!name.startsWith(".")) {
      const broken = packageRules.filter((rule) => rule.name.test(name) && !rule.allowed(path));
      return broken.map(({ rule }) => `${path} imports ${name}: ${rule}`);
    }
    const target = posix.normalize(posix.join(posix.dirname(path), name));
    const row = rows.find(([pattern]) => pattern.test(target));
    if (!row) return [`${path} imports ${target}, which stands on no floor`];
    if (row === own || row[1] < own[1]) return [];
    const where = row[1] === own[1] ? "a sibling on the same floor" : "a higher floor";
    return [`${path} (floor ${own[1]}) imports ${target} (floor ${row[1]}), ${where}`];
  });
}

function sourceFiles(folder: string): string[] {
  let names: string[];
  try {
    names = readdirSync(`${root}${folder}`, { recursive: true, encoding: "utf8" });
  } catch {
    return []; // the folder is still to come
  }
  return names
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`)
    .filter((path) => /\.(ts|mts|tsx|js|mjs)$/.test(path) && !/\/node_modules\//.test(path));
}

test("every file imports only from its own folder or from a lower floor", () => {
  const files = ["engine", "shaders", "extension"].flatMap(sourceFiles);
  expect(files).toContain("engine/errors/index.ts");
  expect(files.flatMap((path) => violations(path, readFileSync(`${root}${path}`, "utf8")))).toEqual([]);
});

test("the engine's process takes nothing from the library, which goes to the network (I8)", () => {
  const entry = ["engine/server/process.ts", ...sourceFiles("engine/server")];
  const importing = entry.filter((path) =>
    /from "[^"]*library\//.test(readFileSync(`${root}${path}`, "utf8")),
  );
  expect(importing).toEqual([]);
});

const allowed: readonly (readonly [path: string, text: string])[] = [
  [
    "engine/model/layers/attention.ts",
    'import { Gpu } from "../../gpu/index.ts";\nimport source from "../../../shaders/attention.wgsl";',
  ],
  ["engine/gpu/device.ts", 'import { create } from "webgpu";\nimport { plan } from "./plan.ts";'],
  [
    "engine/gguf/file.ts",
    'import { open } from "node:fs/promises";\nimport { UserError } from "../errors/index.ts";',
  ],
  ["engine/cli/commands/inspect.ts", 'import { client } from "../../client/index.ts";'],
  [
    "engine/cli/main.ts",
    'const inspect = await import("./commands/inspect.ts");\nimport manifest from "../../package.json";',
  ],
  [
    "extension/suggest/ghost_text.ts",
    'import * as vscode from "vscode";\nimport type { Client } from "../../engine/client/index.ts";',
  ],
  ["engine/text/fim.ts", '// import "../model/plan.ts"\nconst text = "import \'../model/plan.ts\'";'],
];
for (const [path, text] of allowed) {
  test(`the checker lets pass: ${path}: ${text.split("\n").at(-1)}`, () =>
    expect(violations(path, text)).toEqual([]));
}

const forbidden: readonly (readonly [path: string, text: string, part: string])[] = [
  ["engine/gpu/plan.ts", 'import { layer } from "../model/plan.ts";', "a higher floor"],
  ["engine/gpu/plan.ts", 'import type { Layer } from "../model/plan.ts";', "a higher floor"],
  ["engine/gpu/plan.ts", 'import { type Layer } from "../model/plan.ts";', "a higher floor"],
  ["engine/gpu/plan.ts", 'export * from "../model/plan.ts";', "a higher floor"],
  ["engine/gpu/plan.ts", 'export type { Layer } from "../model/plan.ts";', "a higher floor"],
  ["engine/gpu/plan.ts", 'const plan = await import("../model/plan.ts");', "a higher floor"],
  ["engine/gpu/plan.ts", 'import "../model/plan.ts";', "a higher floor"],
  ["engine/gpu/plan.ts", 'let layer: import("../model/plan.ts").Layer;', "a higher floor"],
  ["engine/gpu/plan.ts", 'const plan = require("../model/plan.ts");', "a higher floor"],
  ["engine/gpu/plan.ts", 'import { fim } from "../text/fim.ts";', "a sibling"],
  ["engine/draft/ngram.ts", 'import { tape } from "../state/tape.ts";', "a sibling"],
  ["engine/complete/gate.ts", 'import { session } from "../generate/session.ts";', "a sibling"],
  ["engine/errors/index.ts", 'import { Gpu } from "../gpu/index.ts";', "a higher floor"],
  ["engine/client/client.ts", 'import { status } from "../../extension/status.ts";', "a higher floor"],
  ["engine/gguf/file.ts", 'import { seeded } from "../../test/reference/random.ts";', "no floor"],
  ["engine/helpers/list.ts", "export const list = [];", "no floor"],
  ["engine/complete/gate.ts", 'import type { TextDocument } from "vscode";', "only extension/"],
  ["engine/model/plan.ts", 'import { globals } from "webgpu";', "only engine/gpu/"],
  ["engine/complete/gate.ts", 'import { readFileSync } from "node:fs";', "no files"],
  ["engine/text/fim.ts", 'import { readFile } from "fs/promises";', "no files"],
  ["engine/generate/session.ts", 'import { fork } from "node:child_process";', "no files"],
  ["engine/server/models.ts", 'import { listFiles } from "@huggingface/hub";', "only engine/library/"],
];
for (const [path, text, part] of forbidden) {
  test(`the checker catches: ${path}: ${text}`, () => {
    const found = violations(path, text);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(part);
  });
}
