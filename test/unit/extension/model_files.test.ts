import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  forgetFile,
  freeBytes,
  isThere,
  knownFiles,
  modelsAtTopOf,
  rememberFile,
} from "../../../extension/models/files.ts";
import { gpuMemory, libraryFolder, type ModelsOptions, usesOf } from "../../../extension/models/options.ts";
import { readSettings } from "../../../extension/settings/settings.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "foretype-files-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What these functions need of the window: settings, a memory, and an engine's status. */
function optionsWith(
  values: Record<string, unknown>,
  status?: { memoryLimit: number | null },
): ModelsOptions {
  const stored = new Map<string, unknown>();
  const { settings } = readSettings({ get: (name) => values[name], home: "/home/ada" });
  const parts = {
    settings: { current: settings },
    engine: { service: { status: async () => status } },
    memory: {
      get: (key: string, fallback: unknown) => stored.get(key) ?? fallback,
      update: async (key: string, value: unknown) => void stored.set(key, value),
    },
  };
  return parts as unknown as ModelsOptions;
}

test("files that were chosen are known, the last first, eight at most, each once, and whether they are there", async () => {
  const here = join(folder, "here.gguf");
  writeFileSync(here, "GGUF");
  const options = optionsWith({ "model.completion": here });
  for (let i = 0; i < 10; i++) await rememberFile(options, `/data/${i}.gguf`);
  await rememberFile(options, "/data/7.gguf");
  expect(await knownFiles(options)).toEqual([
    { path: here, bytes: 4 },
    ...[7, 9, 8, 6, 5, 4, 3, 2].map((i) => ({ path: `/data/${i}.gguf`, bytes: null })),
  ]);
  await forgetFile(options, "/data/7.gguf");
  expect((await knownFiles(options)).map(({ path }) => path)).not.toContain("/data/7.gguf");
});

test("a folder is there, and has no size of its own", async () =>
  expect(await knownFiles(optionsWith({ "model.chat": folder }))).toEqual([{ path: folder, bytes: 0 }]));

test("a file fills the roles whose setting names it; an empty chat model follows", () => {
  const options = optionsWith({ "model.completion": "/data/a.gguf" });
  expect(usesOf(options, ["/data/a.gguf"])).toEqual(["completion", "chat"]);
  expect(usesOf(options, ["/data/b.gguf"])).toEqual([]);
});

test("the GPU's memory is the engine's word, else the user's limit, else unknown", async () => {
  expect(await gpuMemory(optionsWith({ "gpu.memoryMB": 4096 }, { memoryLimit: 2 ** 30 }))).toBe(2 ** 30);
  expect(await gpuMemory(optionsWith({ "gpu.memoryMB": 4096 }, { memoryLimit: null }))).toBe(2 ** 32);
  expect(await gpuMemory(optionsWith({}))).toBeNull();
});

test("models lie where the setting says", () =>
  expect(libraryFolder(optionsWith({ "model.folder": "~/models" }))).toBe("/home/ada/models"));

test("what is free is known of a folder that is still to be made", async () => {
  const free = await freeBytes(join(folder, "not", "yet"));
  expect(free).toBeGreaterThan(0);
});

test("a folder's models are those at its top: parts are one, MTP files and projectors are none", async () => {
  const models = join(folder, "models");
  mkdirSync(join(models, "below"), { recursive: true });
  const names = [
    "a-00001-of-00002.gguf",
    "a-00002-of-00002.gguf",
    "b-Q8_0.gguf",
    "mtp-b-Q8_0.gguf",
    "mmproj-b.gguf",
    "below/c.gguf",
    "readme.md",
  ];
  for (const name of names) writeFileSync(join(models, name), "GGUF");
  expect(await isThere(join(models, "below", "c.gguf"))).toBe(true);
  expect(await modelsAtTopOf(models)).toEqual([
    { name: "a", bytes: 8, path: join(models, "a-00001-of-00002.gguf") },
    { name: "b-Q8_0", bytes: 8, path: join(models, "b-Q8_0.gguf") },
  ]);
});
