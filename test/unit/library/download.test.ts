import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { UserError } from "../../../engine/errors/index.ts";
import { type Disk, realDisk as real } from "../../../engine/library/download.ts";
import {
  chooseModel,
  downloadModel,
  hubAccess,
  listRepository,
  type PullOptions,
  parseName,
  pullModel,
} from "../../../engine/library/index.ts";
import { renameHeld } from "../../../engine/library/rename.ts";
import { childEnvironment } from "../../../scripts/environment.mjs";
import { type HubServer, sha256, startHub } from "../../reference/hub_server.ts";
import { seededRandom } from "../../reference/random.ts";
import { testSeed } from "../../reference/seed.ts";
import { writeHeader } from "../../reference/write_header.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** `bytes` random bytes that begin as a GGUF file does. */
function model(bytes: number, seed = 1): Uint8Array {
  const random = seededRandom(seed);
  const all = Uint8Array.from({ length: bytes }, () => random() * 256);
  all.set(Buffer.from("GGUF"));
  return all;
}

const file = "model-Q4_K_M.gguf";
const bytes = model(300_000);
const patient = Array(100).fill(0);
let folder: string;
let hub: HubServer;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "foretype-library-"));
  hub = await startHub({
    "README.md": Buffer.from("# Model"),
    [file]: bytes,
    "config.json": Buffer.from("{}"),
  });
});
afterEach(async () => {
  await hub[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const target = () => join(folder, hub.repository, file);
const pull = (options: PullOptions = {}, name = hub.repository) =>
  pullModel(name, folder, { hub: hub.url, retryMs: [], ...options });

/** The sentence that a pull ends with. */
async function sentence(pulling: Promise<unknown>): Promise<string> {
  const error = await pulling.then(
    () => expect.fail("the pull succeeded"),
    (it: unknown) => it,
  );
  expect(error).toBeInstanceOf(UserError);
  return (error as UserError).message;
}

async function expectRight(): Promise<void> {
  expect(sha256(await readFile(target()))).toBe(sha256(bytes));
  expect((await readdir(dirname(target()))).sort()).toEqual([file, `${file}.sha256`]);
}

/** The folder holds only the files with the suffixes `rest`: none under the final name. */
async function expectNothingBut(...rest: string[]): Promise<void> {
  const names = existsSync(dirname(target())) ? await readdir(dirname(target())) : [];
  expect(names.sort()).toEqual(rest.map((suffix) => `${file}${suffix}`).sort());
}

test("a model comes over pages of a listing and a redirect, and says how far it is", async () => {
  const seen: number[] = [];
  const pulled = await pull({
    onProgress: ({ bytesDone, bytesTotal }) => {
      seen.push(bytesDone);
      expect(bytesTotal).toBe(bytes.length);
    },
  });
  expect(pulled).toMatchObject({ path: target(), bytes: bytes.length, downloaded: true });
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  expect(seen.at(-1)).toBe(bytes.length);
  await expectRight();
});

test("an existing file is not downloaded again, even without a recorded checksum", async () => {
  await pull();
  await rm(`${target()}.sha256`);
  expect((await pull()).downloaded).toBe(false);
  expect((await pull()).downloaded).toBe(false);
  expect(hub.requests).toHaveLength(1);
  await expectRight();
});

test("the token goes to the Hub, and not to where it redirects", async () => {
  await pull({ token: "hf_secret" });
  expect(hub.requests.map(({ authorization }) => authorization)).toEqual([undefined]);
});

const seed = testSeed();

test(`cut off at 50 random places in one call, the right file comes (seed ${seed})`, async () => {
  const random = seededRandom(seed);
  // On average 125,000 bytes come before the 50th cut: the file is longer.
  hub.fault = (request) =>
    request < 50 ? { kind: "cut", after: Math.floor(random() * random() * 10_000) } : undefined;
  await pull({ retryMs: patient });
  await expectRight();
  expect(hub.requests.length, `seed ${seed}`).toBeGreaterThanOrEqual(50);
});

test(`cut off at random places and begun again 50 times, the right file comes (seed ${seed})`, async () => {
  const random = seededRandom(seed);
  hub.fault = (request) => (request < 50 ? { kind: "cut", after: Math.floor(random() * 6000) } : undefined);
  for (let i = 0; i < 50; i++) {
    expect(await sentence(pull()), `seed ${seed}`).toMatch(
      /^The connection to 127\.0\.0\.1:\d+ broke after \d+ of the 300000 bytes of model-Q4_K_M\.gguf: run the same again to continue from there\.$/,
    );
    await expectNothingBut(".part", ".part.json");
  }
  const left = (await stat(`${target()}.part`)).size;
  await pull();
  expect(hub.requests.at(-1)!.range, `seed ${seed}`).toBe(left > 0 ? `bytes=${left}-` : undefined);
  await expectRight();
});

test("a wrong checksum: the sentence says so, and nothing is left", async () => {
  hub.files.set(file, { bytes, listedSha256: "ab".repeat(32) });
  expect(await sentence(pull())).toBe(
    `${file} came with the checksum ${sha256(bytes).slice(0, 12)}… and the Hub lists abababababab…, so it was deleted: download it again, or use another mirror.`,
  );
  await expectNothingBut();
});

test("a part that was damaged on the disk does not become a model", async () => {
  hub.fault = () => ({ kind: "cut", after: 100_000 });
  await sentence(pull());
  const part = await readFile(`${target()}.part`);
  expect(part.length).toBe(100_000);
  part[50_000]! ^= 1;
  await writeFile(`${target()}.part`, part);
  hub.fault = () => undefined;
  expect(await sentence(pull())).toMatch(/so it was deleted: download it again/);
  await expectNothingBut();
  await pull();
  await expectRight();
});

test("more bytes than listed: the sentence says so, and nothing is left", async () => {
  hub.files.set(file, { bytes, listedBytes: 299_000 });
  expect(await sentence(pull())).toBe(
    `${file} is longer than the 299000 bytes that the Hub lists, and what came was deleted: try again, or use another mirror.`,
  );
  await expectNothingBut();
});

test("fewer bytes than listed never become a model", async () => {
  hub.files.set(file, { bytes, listedBytes: 300_001 });
  expect(await sentence(pull())).toMatch(/broke after 300000 of the 300001 bytes/);
  expect(existsSync(target())).toBe(false);
});

test("bytes that are no GGUF file do not get the name of one", async () => {
  hub.files.set(file, { bytes: Buffer.from("<html>Sign in</html>") });
  expect(await sentence(pull())).toBe(
    `${file} is not a GGUF file in spite of its name, so it was deleted: choose another one.`,
  );
  await expectNothingBut();
});

const roomy: Disk = { freeBytes: async () => 1e12, write: async () => {}, rename };

test("too little room is said before anything is downloaded", async () => {
  const disk = { ...roomy, freeBytes: async () => 64 * 2 ** 20 + 1e5 };
  expect(await sentence(pull({ disk }))).toBe(
    `${file} needs 0.3 MB more on the disk and 0.1 MB is free in ${dirname(target())}: make room, or choose a smaller quant.`,
  );
  expect(hub.requests).toEqual([]);
  await expectNothingBut();
});

test("a disk that becomes full ends in a sentence, and the download resumes when there is room", async () => {
  const full: Disk = {
    ...roomy,
    write: async (handle, piece, position) => {
      if (position > 100_000) throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
      await handle.write(piece, 0, piece.length, position);
    },
  };
  expect(await sentence(pull({ disk: full, retryMs: patient }))).toBe(
    `The disk is full (ENOSPC) in ${dirname(target())}: make room and run the same again to continue from there.`,
  );
  await expectNothingBut(".part", ".part.json");
  await pull();
  expect(hub.requests.at(-1)!.range).toMatch(/^bytes=[1-9]/);
  await expectRight();
});

const held = (code: string) => Object.assign(new Error("operation not permitted"), { code });

for (const code of ["EPERM", "EBUSY", "EACCES"]) {
  test(`a finished file that another program holds open (${code}) gets its name when that one lets go`, async () => {
    let tries = 0;
    const move = async (from: string, to: string) => {
      if (++tries < 4) throw held(code);
      await rename(from, to);
    };
    await pull({ disk: { ...real, rename: (from, to) => renameHeld(from, to, [0, 0, 0], move) } });
    expect(tries).toBe(4);
    await expectRight();
  });
}

test("one that is held for good ends in a sentence, and the next call downloads nothing again", async () => {
  const never = async () => {
    throw held("EBUSY");
  };
  const disk = { ...real, rename: (from: string, to: string) => renameHeld(from, to, [0, 0], never) };
  expect(await sentence(pull({ disk }))).toMatch(
    /is whole, and another program holds .*\.part open: close it or /,
  );
  await expectNothingBut(".part", ".part.json");
  const asked = hub.requests.length;
  await pull();
  expect(hub.requests.slice(asked).filter(({ path }) => path.includes("resolve"))).toEqual([]);
  await expectRight();
});

test("a rename that fails for another reason is not tried again", async () => {
  let tries = 0;
  const move = async () => {
    tries++;
    throw held("ENOENT");
  };
  await expect(renameHeld("a", "b", [0, 0], move)).rejects.toMatchObject({ code: "ENOENT" });
  expect(tries).toBe(1);
});

test("cancelled while the server is slow, only the part and its state stay, and the download resumes from there", async () => {
  hub.fault = () => ({ kind: "stall", after: 70_000 });
  const controller = new AbortController();
  let at = 0;
  const pulling = pull({
    signal: controller.signal,
    onProgress: ({ bytesDone }) => {
      at = bytesDone;
      if (at === 70_000) controller.abort();
    },
  });
  await expect(pulling).rejects.toThrow(/abort/i);
  await expectNothingBut(".part", ".part.json");
  hub.fault = () => undefined;
  await pull();
  expect(hub.requests.map(({ range }) => range)).toEqual([undefined, "bytes=70000-"]);
  await expectRight();
});

test("cancelled while it waits for another try, it ends at once", async () => {
  hub.fault = () => ({ kind: "status", status: 503 });
  const controller = new AbortController();
  const pulling = pull({ signal: controller.signal, retryMs: [1e9] });
  const asked = setInterval(() => hub.requests.length > 0 && controller.abort(), 5);
  await expect(pulling).rejects.toThrow(/abort/i);
  clearInterval(asked);
  await expectNothingBut(".part", ".part.json");
});

test("two downloads of one file at once: the second one says so", async () => {
  hub.fault = (request) => (request === 0 ? { kind: "stall", after: 10 } : undefined);
  const controller = new AbortController();
  const first = pull({ signal: controller.signal });
  await hub.stalled;
  expect(await sentence(pull())).toBe(
    `${target()} is being downloaded already by process ${process.pid}: wait for it, or end that one first.`,
  );
  controller.abort();
  await expect(first).rejects.toThrow(/abort/i);
  await pull();
  await expectRight();
});

test("the lock of a process that is gone is taken over", async () => {
  const gone = spawn(process.execPath, ["--version"], { stdio: "ignore", env: childEnvironment() });
  await new Promise((resolve) => gone.once("exit", resolve));
  await mkdir(dirname(target()), { recursive: true });
  await writeFile(`${target()}.part.lock`, String(gone.pid));
  await pull();
  await expectRight();
});

test("a lock that was made and never written to locks nobody out", async () => {
  await mkdir(dirname(target()), { recursive: true });
  const lock = `${target()}.part.lock`;
  await writeFile(lock, "");
  await utimes(lock, new Date(), new Date(Date.now() - 1800)); // who has made it may write for another 0.2 s
  await writeFile(`${lock}.old`, "1"); // of a process that was ended while it took another one away
  await pull();
  await expectRight();
});

test("a lock whose maker writes its id a moment later is that one's", async () => {
  await mkdir(dirname(target()), { recursive: true });
  const lock = `${target()}.part.lock`;
  await writeFile(lock, "");
  const said = sentence(pull());
  await new Promise((resolve) => setTimeout(resolve, 150));
  await writeFile(lock, String(process.pid));
  expect(await said).toMatch(/is being downloaded already by process \d+/);
});

test("a file system that takes no file of that length is named, and what came stays", async () => {
  const small: Disk = {
    ...roomy,
    write: async () => {
      throw Object.assign(new Error("file too large"), { code: "EFBIG" });
    },
  };
  expect(await sentence(pull({ disk: small }))).toBe(
    `The file system of ${dirname(target())} takes no file of that length (EFBIG): choose a folder on another disk, or a smaller quant.`,
  );
  await expectNothingBut(".part", ".part.json");
});

test("a server that lists files without an end is left, in a sentence", async () => {
  let asked = 0;
  const endless: typeof fetch = async (input) => {
    const url = new URL(String(input));
    const page = Number(url.searchParams.get("cursor") ?? 0);
    asked++;
    const entries = Array.from({ length: 1000 }, (_, i) => ({
      type: "file",
      path: `${page}/${i}.txt`,
      size: 1,
      oid: "",
    }));
    url.searchParams.set("cursor", String(page + 1));
    return Response.json(entries, { headers: { link: `<${url}>; rel="next"` } });
  };
  expect(await sentence(pull({ fetch: endless }))).toMatch(
    /^127\.0\.0\.1:\d+ lists more than 50000 files of someone\/Model-GGUF: /,
  );
  expect(asked).toBe(51);
});

test("500 once, then fine: the caller sees no error", async () => {
  hub.fault = (request) => (request === 0 ? { kind: "status", status: 500 } : undefined);
  await pull({ retryMs: [0] });
  expect(hub.requests).toHaveLength(2);
  await expectRight();
});

const refusals: readonly [status: number, errorCode: string | undefined, sentence: RegExp][] = [
  [404, "RepoNotFound", /^someone\/Model-GGUF does not exist on 127\.0\.0\.1:\d+: check the name\.$/],
  [
    401,
    undefined,
    /^someone\/Model-GGUF is private or does not exist \(.* answered 401\): check the name, or set HF_TOKEN\.$/,
  ],
  [
    403,
    "GatedRepo",
    /^someone\/Model-GGUF is gated \(.* answered 403\): accept the licence on the model's page and set HF_TOKEN\.$/,
  ],
  [
    403,
    undefined,
    /^someone\/Model-GGUF is closed to you \(.* answered 403\): check what HF_TOKEN may read, and whether a proxy refused the request\.$/,
  ],
  [401, "GatedRepo", /accept the licence on the model's page and set HF_TOKEN\.$/],
  [503, undefined, /^127\.0\.0\.1:\d+ answered 503 for someone\/Model-GGUF: try again later\.$/],
];
for (const [status, errorCode, expected] of refusals) {
  const what = `${status}${errorCode ? ` ${errorCode}` : ""}`;
  test(`a listing that is refused with ${what} ends in one sentence`, async () => {
    hub.listing = { status, ...(errorCode && { errorCode }) };
    expect(await sentence(pull())).toMatch(expected);
    expect(await readdir(folder)).toEqual([]);
  });
  if (status === 503) continue;
  test(`a file that is refused with ${what} ends in one sentence, without another try`, async () => {
    hub.fault = () => ({ kind: "status", status, ...(errorCode && { errorCode }) });
    expect(await sentence(pull({ retryMs: patient }))).toMatch(
      new RegExp(expected.source.replace("Model-GGUF", `Model-GGUF/${file}`)),
    );
    expect(hub.requests).toHaveLength(1);
  });
}

test("a Hub that is out of reach is named, with the reason", async () => {
  const { url } = hub;
  await hub[Symbol.asyncDispose]();
  expect(await sentence(pull({ hub: url }))).toMatch(
    /^127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\): check the connection, the proxy and the Hub's address\.$/,
  );
  hub = await startHub({});
});

test("a file that changed between two calls is downloaded from the start", async () => {
  hub.files.set(file, { bytes: model(300_000, 2) });
  hub.fault = () => ({ kind: "cut", after: 90_000 });
  await sentence(pull());
  hub.files.set(file, { bytes });
  hub.fault = () => undefined;
  await pull();
  expect(hub.requests.at(-1)!.range).toBeUndefined();
  await expectRight();
});

test("a file that is changed between two tries is never joined from two versions", async () => {
  hub.fault = (request) => {
    if (request === 0) return { kind: "cut", after: 90_000 };
    hub.files.set(file, { bytes: model(300_000, 2) });
    return undefined;
  };
  const said = await sentence(pull({ retryMs: [0, 0] }));
  expect(said).toContain(`the checksum ${sha256(model(300_000, 2)).slice(0, 12)}…`); // the new one's, whole
  expect(hub.requests[1]!.range).toBe("bytes=90000-");
  await expectNothingBut();
});

for (const kind of ["whole", "shifted"] as const) {
  const does = kind === "whole" ? "ignores the range" : "sends another range than the one asked for";
  test(`from a server that ${does}, the right file comes`, async () => {
    hub.fault = (request) => (request === 0 ? { kind: "cut", after: 90_000 } : { kind });
    await pull({ retryMs: [0, 0] });
    expect(hub.requests[1]!.range).toBe("bytes=90000-");
    await expectRight();
  });
}

test("a page in place of the file, or another length, costs nothing of what is there, and ends in one sentence", async () => {
  hub.fault = () => ({ kind: "cut", after: 90_000 });
  await sentence(pull());
  const had = (await stat(`${target()}.part`)).size;
  expect(had).toBeGreaterThan(0);
  hub.fault = () => ({ kind: "page" });
  expect(await sentence(pull({ retryMs: patient }))).toMatch(
    / sent a web page in place of model-Q4_K_M\.gguf: /,
  );
  expect((await stat(`${target()}.part`)).size).toBe(had);
  hub.fault = () => undefined;
  await pull();
  expect(hub.requests.at(-1)!.range).toBe(`bytes=${had}-`);
  await expectRight();
});

test("a server that begins anew each time and breaks at the same place makes no progress, and is left", async () => {
  hub.fault = () => ({ kind: "cut", after: 90_000, whole: true });
  expect(await sentence(pull({ retryMs: [0, 0] }))).toMatch(/broke after 90000 of the 300000 bytes/);
  expect(hub.requests.length).toBe(3);
});

for (const path of [
  "../../evil.gguf",
  "/evil.gguf",
  "a/../../../evil.gguf",
  "..\\..\\evil.gguf",
  "C:\\evil.gguf",
]) {
  test(`a listing that names ${path} writes nothing`, async () => {
    hub.files.clear();
    hub.files.set(path, { bytes });
    const library = join(folder, "deep", "library");
    expect(await sentence(pullModel(hub.repository, library, { hub: hub.url, retryMs: [] }))).toBe(
      `${hub.repository} lists a file by the name ${JSON.stringify(path)}, which cannot be stored safely: choose another repository.`,
    );
    expect(await readdir(folder)).toEqual([]);
  });
}

test("a repository without GGUF files says so", async () => {
  hub.files.delete(file);
  expect(await sentence(pull())).toBe(
    "someone/Model-GGUF has 2 files and none is a GGUF model: choose a repository of GGUF files, whose name often ends in -GGUF.",
  );
});

test("a listing without a checksum is not downloaded", async () => {
  hub.files.set(file, { bytes, listedSha256: null });
  expect(await sentence(pull())).toBe(
    `The Hub lists no checksum for ${file}, so it cannot be verified: choose another file.`,
  );
});

test("a split model comes whole, with its MTP file and without its projector", async () => {
  hub.files.clear();
  const names = ["big-Q8_0-00001-of-00002.gguf", "big-Q8_0-00002-of-00002.gguf", "mtp-big-Q8_0.gguf"];
  for (const [i, name] of names.entries()) hub.files.set(name, { bytes: model(1000, i) });
  hub.files.set("mmproj-F16.gguf", { bytes: model(1000) });
  const pulled = await pull({}, `${hub.repository}:q8_0`);
  expect(pulled).toMatchObject({ path: join(folder, hub.repository, names[0]!), bytes: 3000 });
  const there = (await readdir(join(folder, hub.repository))).filter((name) => name.endsWith(".gguf"));
  expect(there.sort()).toEqual(names);
});

describe("a model with", () => {
  const base = {
    metadata: [],
    tensors: [{ name: "blk.1.attn_norm.weight", dims: [32], type: "F32" }],
  } as const;
  const withBlock = {
    metadata: [],
    tensors: [...base.tensors, { name: "blk.1.nextn.eh_proj.weight", dims: [64, 32], type: "F32" }],
  } as const;
  test.each([
    ["no MTP block gets the file beside it", base, "mtp-toy-Q4_0.gguf", true],
    ["no MTP block gets the file in a folder MTP", base, "MTP/mtp-toy-Q4_0.gguf", true],
    ["an MTP block needs no file beside it", withBlock, "mtp-toy-Q4_0.gguf", false],
    ["an MTP block needs none of a folder MTP", withBlock, "MTP/mtp-toy-Q4_0.gguf", false],
  ])("%s", async (_, header, mtp, fetched) => {
    const source = join(folder, "source.gguf");
    await writeHeader(source, header);
    hub.files.clear();
    hub.files.set("toy-Q8_0.gguf", { bytes: await readFile(source) });
    hub.files.set(mtp, { bytes: model(1000, 1) });
    const seen: number[] = [];
    const pulled = await pull({ onProgress: ({ bytesTotal }) => seen.push(bytesTotal) });
    const { size } = await stat(source);
    expect(pulled.files).toHaveLength(fetched ? 2 : 1);
    expect(pulled.bytes).toBe(fetched ? size + 1000 : size);
    expect(existsSync(join(folder, hub.repository, mtp))).toBe(fetched);
    if (fetched) expect(seen.at(-1)).toBe(size + 1000);
  });
});

test("a command that is killed in the middle leaves no model, and the next one resumes from there", async () => {
  const script = join(folder, "cli.mjs");
  await build({
    stdin: {
      contents: `import { pullModel } from "./engine/library/index.ts";
        await pullModel(${JSON.stringify(hub.repository)}, process.argv[2], { hub: process.argv[3] });`,
      resolveDir: root,
      loader: "ts",
    },
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    external: ["undici"],
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
    },
    outfile: script,
  });
  hub.fault = () => ({ kind: "stall", after: 120_000 });
  const child: ChildProcess = spawn(process.execPath, [script, folder, hub.url], {
    stdio: ["ignore", "ignore", "inherit"],
    env: childEnvironment(),
  });
  const exit = new Promise((resolve) => child.once("exit", resolve));
  await expect
    .poll(
      () =>
        stat(`${target()}.part`).then(
          (it) => it.size,
          () => 0,
        ),
      { timeout: 20_000 },
    )
    .toBe(120_000);
  child.kill("SIGKILL");
  await exit;
  await expectNothingBut(".part", ".part.json", ".part.lock");
  hub.fault = () => undefined;
  await pull();
  expect(hub.requests.at(-1)!.range).toBe("bytes=120000-");
  await expectRight();
});

test("what was found and agreed to is downloaded, and the Hub is not asked again what the name means", async () => {
  const access = hubAccess({ hub: hub.url });
  const wish = parseName(hub.repository, access.hub);
  const found = chooseModel(await listRepository(wish, access), wish);
  hub.files.set("model-Q2_K.gguf", { bytes: model(1000, 2) });
  hub.listing = { status: 500 };
  const pulled = await downloadModel({ wish, model: found }, folder, { hub: hub.url, retryMs: [] });
  expect(pulled.path).toBe(target());
  await expectRight();
});
