import { mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  listModels,
  removeDownload,
  removeModel,
  resolveModel,
  verifyModel,
} from "../../../engine/library/index.ts";
import { sha256 } from "../../reference/hub_server.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "foretype-library-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Writes files of the text `GGUF` and their name. */
async function put(...paths: string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), `GGUF ${path}`);
  }
}

const record = (path: string, sum: string) => writeFile(join(folder, `${path}.sha256`), `${sum}  x\n`);
const sumOf = async (path: string) => sha256(await readFile(join(folder, path)));

test("a folder that is not there holds nothing", async () => {
  expect(await listModels(join(folder, "none"))).toEqual({ models: [], partials: [] });
});

test("files that were put there by hand are models; parts are one; projectors and MTP files are none", async () => {
  await put(
    "a.gguf",
    "o/r/b-Q8_0-00001-of-00002.gguf",
    "o/r/b-Q8_0-00002-of-00002.gguf",
    "o/r/mmproj-F16.gguf",
  );
  await put("o/r/mtp-b-Q8_0.gguf", "o/r/README.md", "x/y/mtp-b-Q8_0.gguf", "o/s/c-00002-of-00002.gguf");
  const { models } = await listModels(folder);
  expect(
    models.map(({ name, repository, quant, files, missing }) => [
      name,
      repository,
      quant,
      files.length,
      missing,
    ]),
  ).toEqual([
    ["a", null, "", 1, 0],
    ["o/r/b-Q8_0", "o/r", "Q8_0", 3, 0],
    ["o/s/c", "o/s", "", 1, 1],
  ]);
});

test("a download that was left is listed with how far it is", async () => {
  await put("o/r/a.gguf.part");
  const state = { repository: "o/r", file: "a.gguf", bytes: 100, sha256: "0".repeat(64), etag: null };
  await writeFile(join(folder, "o/r/a.gguf.part.json"), JSON.stringify(state));
  expect(await listModels(folder)).toEqual({
    models: [],
    partials: [
      {
        name: "o/r/a.gguf",
        path: join(folder, "o/r/a.gguf"),
        repository: "o/r",
        bytesDone: 20,
        bytesTotal: 100,
      },
    ],
  });
});

test("verifying tells right from wrong from unknown, and the list remembers", async () => {
  await put("a.gguf");
  expect((await verifyModel("a", folder)).state).toBe("unknown");
  await record("a.gguf", await sumOf("a.gguf"));
  const seen: number[] = [];
  const right = await verifyModel("a", folder, { onProgress: ({ bytesDone }) => seen.push(bytesDone) });
  expect([right.state, seen]).toEqual(["right", [11]]);
  expect((await listModels(folder)).models[0]!.verified).toBe(true);
  await record("a.gguf", "0".repeat(64));
  expect((await verifyModel("a", folder)).state).toBe("wrong");
  expect((await listModels(folder)).models[0]!.verified).toBe(false);
});

test("a file that was written to after it was verified is not verified", async () => {
  await put("a.gguf");
  await record("a.gguf", await sumOf("a.gguf"));
  const later = new Date(Date.now() + 60_000);
  await utimes(join(folder, "a.gguf"), later, later);
  expect((await listModels(folder)).models[0]!.verified).toBe(false);
});

test("removing takes parts, companions, records and what a download left, and folders that are empty then", async () => {
  await put("o/r/b-Q8_0-00001-of-00002.gguf", "o/r/b-Q8_0-00002-of-00002.gguf", "o/r/mtp-b-Q8_0.gguf");
  await put("o/r/b-Q8_0-00002-of-00002.gguf.part", "p/q/other.gguf");
  await record("o/r/mtp-b-Q8_0.gguf", "0".repeat(64));
  const removed = await removeModel("o/r", folder);
  expect(removed.files).toHaveLength(3);
  expect(await readdir(folder)).toEqual(["p"]);
});

test("removing leaves what another model needs, and what is no model", async () => {
  await put("o/r/b-Q8_0.gguf", "o/r/b-Q4_0.gguf", "o/r/mtp-b-F16.gguf", "o/r/notes.txt");
  await removeModel("o/r:Q8_0", folder);
  expect((await readdir(join(folder, "o/r"))).sort()).toEqual(["b-Q4_0.gguf", "mtp-b-F16.gguf", "notes.txt"]);
});

test("MTP files of a folder of their own belong to the model, and go with it", async () => {
  await put("o/r/b-Q8_0.gguf", "o/r/MTP/mtp-b-Q4_0.gguf", "o/r/BF16/b-BF16.gguf", "o/s/b-Q8_0.gguf");
  const { models } = await listModels(folder);
  expect(models.map(({ name, files }) => [name, files.length])).toEqual([
    ["o/r/BF16/b-BF16", 2],
    ["o/r/b-Q8_0", 2],
    ["o/s/b-Q8_0", 1],
  ]);
  await removeModel("o/r:Q8_0", folder);
  expect((await readdir(join(folder, "o/r"))).sort()).toEqual(["BF16", "MTP"]);
  await removeModel("o/r", folder);
  expect(await readdir(join(folder, "o"))).toEqual(["s"]);
});

test("what a download left is removed by its name", async () => {
  await put("o/r/a.gguf.part", "o/r/a.gguf.part.json");
  await removeModel("o/r/a.gguf", folder);
  expect(await readdir(folder)).toEqual([]);
});

for (const suffix of [".part", ".part.json", ".part.json.new", ".part.lock", ".part.lock.old"])
  test(`${suffix}, all that a download left that was ended by force, is listed and can be removed`, async () => {
    await put(`o/r/a.gguf${suffix}`);
    const at = new Date(Date.now() - 120_000); // nobody has touched it for two minutes
    await utimes(join(folder, `o/r/a.gguf${suffix}`), at, at);
    expect((await listModels(folder)).partials.map(({ name }) => name)).toEqual(["o/r/a.gguf"]);
    await removeModel("o/r/a.gguf", folder);
    expect(await readdir(folder)).toEqual([]);
  });

test("what is left of a download goes, and the model that has the file's name already stays", async () => {
  await put("o/r/a.gguf", "o/r/a.gguf.part", "o/r/a.gguf.part.json");
  const { partials } = await listModels(folder);
  expect(partials.map(({ name }) => name)).toEqual(["o/r/a.gguf"]);
  await removeDownload(partials[0]!, folder);
  expect(await readdir(join(folder, "o/r"))).toEqual(["a.gguf"]);
});

test("what is being downloaded is not removed", async () => {
  await put("o/r/a.gguf.part", "o/r/a.gguf.part.lock");
  await writeFile(join(folder, "o/r/a.gguf.part.lock"), String(process.pid));
  await expect(removeModel("a", folder)).rejects.toThrowError(/is being downloaded already by process \d+/);
});

test("nothing outside of the folder is removed, by a path or through a link", async (context) => {
  const library = join(folder, "library");
  await put("outside.gguf", "library/a.gguf");
  try {
    await symlink(join(folder, "outside.gguf"), join(library, "linked.gguf"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") throw error;
    return context.skip("Windows lets only administrators and developers make links");
  }
  await symlink(folder, join(library, "up"));
  for (const name of ["../outside.gguf", join(folder, "outside.gguf"), "up/outside", "up/outside.gguf"]) {
    await expect(removeModel(name, library)).rejects.toThrowError(/^There is no model .* in /);
  }
  await removeModel("linked", library);
  expect((await readdir(folder)).sort()).toEqual(["library", "outside.gguf"]);
  expect((await readdir(library)).sort()).toEqual(["a.gguf", "up"]);
});

test("a MODEL argument is a path, mini, or any name of a model that is here", async () => {
  const repository = "unsloth/Qwen3.5-4B-MTP-GGUF";
  await put(`${repository}/Qwen3.5-4B-UD-Q4_K_XL.gguf`, "mine.gguf");
  const path = join(folder, repository, "Qwen3.5-4B-UD-Q4_K_XL.gguf");
  const file = `${repository}/Qwen3.5-4B-UD-Q4_K_XL.gguf`;
  for (const name of [
    path,
    file,
    repository,
    `${repository}:ud-q4_k_xl`,
    "Qwen3.5-4B-UD-Q4_K_XL",
    "qwen3.5-4b",
  ]) {
    expect(await resolveModel(name, folder)).toBe(path);
  }
  expect(await resolveModel("mini", folder)).toBe("mini");
  expect(await resolveModel("nowhere.gguf", folder)).toBe("nowhere.gguf");
  await expect(resolveModel("qwen3.5-9b", folder)).rejects.toThrowError(
    "qwen3.5-9b is not downloaded: run `foretype models pull qwen3.5-9b` first.",
  );
});

test("a name that several models go by is refused with their names", async () => {
  await put("o/r/a-Q8_0.gguf", "o/r/a-Q4_0.gguf");
  await expect(resolveModel("o/r", folder)).rejects.toThrowError(
    `2 models in ${folder} go by the name o/r: name one of o/r/a-Q4_0, o/r/a-Q8_0.`,
  );
});
