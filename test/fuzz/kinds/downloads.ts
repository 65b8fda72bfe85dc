import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { UserError } from "../../../engine/errors/index.ts";
import { listModels, pullModel } from "../../../engine/library/index.ts";
import { createLostDevices } from "../../../engine/server/lost_devices.ts";
import {
  changed,
  type Files,
  type Input,
  type Kind,
  type Outcome,
  requireSentence,
  soundInput,
} from "../kind.ts";
import { type Change, mutateJson, mutateText } from "../mutate_text.ts";

const MODEL = Buffer.concat([Buffer.from("GGUF"), Buffer.alloc(1500, 7)]);
const SHA = createHash("sha256").update(MODEL).digest("hex");
const REPOSITORY = "owner/Model-GGUF";
const HUB = "https://hub.example";

const entry = (path: string) => ({
  type: "file",
  path,
  size: MODEL.length,
  lfs: { oid: SHA, size: MODEL.length },
});

/** A Hub of one listing, every file of which has the same bytes. */
const hubOf =
  (listing: Uint8Array): typeof fetch =>
  async (input) => {
    const { pathname } = new URL(String(input));
    if (pathname.includes("/api/")) return new Response(Buffer.from(listing));
    return new Response(MODEL, { status: 200, headers: { "content-length": String(MODEL.length) } });
  };

/** All files under a folder, with their content. */
async function everything(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((it) => it.isFile()).map((it) => join(it.parentPath, it.name));
  return new Map(
    await Promise.all(
      files.map(async (path) => [relative(folder, path), await readFile(path, "latin1")] as const),
    ),
  );
}

/** A folder of models with something beside it that nothing may touch; removed when it is disposed of. */
async function library(files: Files) {
  const top = await mkdtemp(join(tmpdir(), "fuzz-library-"));
  const folder = join(top, "a", "models");
  await mkdir(folder, { recursive: true });
  await writeFile(join(top, "a", "neighbour"), "untouched");
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), bytes);
    // What was changed since it was verified is younger than the record of that; who made a lock has had time to write its id.
    const ageMs = name.endsWith(".lock") ? 5000 : name.endsWith(".gguf") && !MODEL.equals(bytes) ? -5000 : 0;
    const at = (Date.now() - ageMs) / 1000;
    await utimes(join(folder, name), at, at);
  }
  return {
    folder,
    /** @throws Error where something outside of the folder is there, or is gone */
    async requireUntouched(): Promise<void> {
      const outside = [...(await everything(top))].filter(([path]) => !path.startsWith(join("a", "models")));
      if (JSON.stringify(outside) !== JSON.stringify([[join("a", "neighbour"), "untouched"]]))
        throw new Error(`outside of the folder there is ${JSON.stringify(outside)}`);
    },
    [Symbol.asyncDispose]: () => rm(top, { recursive: true, force: true }),
  };
}

/** Downloads a model from a Hub with that listing. @throws Error where what is stored is not what the Hub has */
async function pulled(folder: string, listing: Uint8Array): Promise<Outcome> {
  try {
    const { files } = await pullModel(REPOSITORY, folder, { hub: HUB, fetch: hubOf(listing), retryMs: [] });
    for (const path of files) {
      if (relative(folder, path).startsWith("..")) throw new Error(`${path} is elsewhere`);
      if (!MODEL.equals(await readFile(path))) throw new Error(`${path} is another file`);
    }
    return "read";
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    requireSentence(error.message);
    return "refused";
  }
}

const change = (input: Input, name: string, { what, bytes }: Change): Input =>
  changed(input, name, bytes, what);

/** What a Hub or a mirror lists: names, sizes and checksums of files. */
export function listings(): Kind {
  const names = [
    ["model-Q4_K_M.gguf", "model-Q8_0.gguf", "README.md"],
    [
      "Q4_K_M/model-Q4_K_M-00001-of-00002.gguf",
      "Q4_K_M/model-Q4_K_M-00002-of-00002.gguf",
      "mtp-model-Q4_K_M.gguf",
    ],
  ];
  return {
    name: "listings",
    sound: names.map((paths, base) =>
      soundInput({ listing: Buffer.from(JSON.stringify(paths.map(entry))) }, base),
    ),
    mutate: (input, random) => change(input, "listing", mutateJson(input.files.listing!, random)),
    async check({ files }) {
      await using at = await library({});
      const outcome = await pulled(at.folder, files.listing!);
      await listModels(at.folder);
      await at.requireUntouched();
      return outcome;
    },
  };
}

/** What a download leaves beside a file: its part, what the part is of, its lock, and the checksum of a finished one. */
export function downloadRecords(): Kind {
  const file = `${REPOSITORY}/model-Q4_K_M.gguf`;
  const state = {
    repository: REPOSITORY,
    file: "model-Q4_K_M.gguf",
    bytes: MODEL.length,
    sha256: SHA,
    etag: null,
  };
  const listing = Buffer.from(JSON.stringify([entry("model-Q4_K_M.gguf")]));
  const unfinished = {
    [`${file}.part`]: MODEL.subarray(0, 700),
    [`${file}.part.json`]: Buffer.from(JSON.stringify(state)),
    [`${file}.part.lock`]: Buffer.from("999999999"),
  };
  const held = { ...unfinished, [`${file}.part.lock`]: Buffer.from(String(process.ppid)) }; // by a process that lives
  const finished = { [file]: MODEL, [`${file}.sha256`]: Buffer.from(`${SHA}  model-Q4_K_M.gguf\n`) };
  return {
    name: "download records",
    sound: [unfinished, held, finished].map(soundInput),
    mutate(input, random) {
      const names = Object.keys(input.files);
      const name = names[Math.floor(random() * names.length)]!;
      const bytes = input.files[name]!;
      return change(
        input,
        name,
        name.endsWith(".json") ? mutateJson(bytes, random) : mutateText(bytes, random),
      );
    },
    async check({ files }) {
      await using at = await library(files);
      const { models, partials } = await listModels(at.folder);
      for (const { bytesTotal } of partials)
        if (bytesTotal !== null && !(bytesTotal >= 0)) throw new Error(`${bytesTotal} bytes in all`);
      for (const { path, verified } of models)
        if (verified && files[`${file}.sha256`]!.length === 0) throw new Error(`${path} counts as verified`);
      const outcome = await pulled(at.folder, listing);
      await at.requireUntouched();
      return outcome;
    },
  };
}

/** Which devices were lost, in a file that each start reads. Trouble with it is logged and harms nothing. */
export function lostDevices(): Kind {
  const stored = { "nvidia | 560": { lost: 1, running: [12, 13] }, "amd | 24.1": { lost: 2, running: [] } };
  return {
    name: "lost devices",
    sound: [soundInput({ "lost_devices.json": Buffer.from(JSON.stringify(stored)) }, 0)],
    mutate: (input, random) =>
      change(input, "lost_devices.json", mutateJson(input.files["lost_devices.json"]!, random)),
    async check({ files }) {
      await using at = await library(files);
      let outcome: Outcome = "read";
      const devices = createLostDevices({
        path: join(at.folder, "lost_devices.json"),
        log: () => {
          outcome = "refused";
        },
        isAlive: () => false,
      });
      devices.isLost("nvidia | 560");
      devices.begin("intel | 1");
      devices.end(true);
      devices.begin("intel | 1");
      devices.end(true);
      if (!devices.isLost("intel | 1")) throw new Error("a device that was lost twice is asked again");
      await at.requireUntouched();
      return outcome;
    },
  };
}
