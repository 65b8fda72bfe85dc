import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { RemoteFiles } from "../../../engine/contract/index.ts";
import { UserError } from "../../../engine/errors/index.ts";
import { checkPlan, type PullOptions, planPull, pullModel } from "../../../engine/library/index.ts";
import { type OpenFile, openModelFile } from "../../../engine/model_file/index.ts";
import { type HubServer, sha256, startHub } from "../../reference/hub_server.ts";
import { seededRandom } from "../../reference/random.ts";
import { testSeed } from "../../reference/seed.ts";
import type { MetadataPair } from "../../reference/write_gguf.ts";
import {
  type HeaderFile,
  type HeaderTensor,
  headerBytes,
  type PublishedShape,
  publishedFile,
  TOY,
} from "../../reference/write_header.ts";

const MIB = 2 ** 20;
const shape: PublishedShape = { ...TOY, embedding: 512, feedForward: 1024 };
const plain = publishedFile(shape, "Q8_0", false);
const withMtp = publishedFile(shape, "Q8_0", true);

/** The file with other values of metadata. */
const keyed = (file: HeaderFile, ...pairs: MetadataPair[]): HeaderFile => ({
  ...file,
  metadata: [...file.metadata.filter(([key]) => !pairs.some(([other]) => other === key)), ...pairs],
});
/** The file with its tensors changed; undefined drops one. */
const changed = (
  file: HeaderFile,
  change: (tensor: HeaderTensor) => HeaderTensor | undefined,
): HeaderFile => ({
  ...file,
  tensors: file.tensors.flatMap((tensor) => change(tensor) ?? []),
});

let folder: string;
let hub: HubServer;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "foretype-check-"));
  hub = await startHub({});
});
afterEach(async () => {
  await hub[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const file = "toy-Q8_0.gguf";
const serve = (files: Readonly<Record<string, HeaderFile | Uint8Array>>) => {
  for (const [path, content] of Object.entries(files))
    hub.files.set(path, { bytes: content instanceof Uint8Array ? content : headerBytes(content) });
};

const inspect = async (path: string, remote: RemoteFiles): Promise<OpenFile> => {
  const open = await openModelFile(path, remote);
  await open.file.close();
  return open;
};
const pull = (options: PullOptions = {}) =>
  pullModel(hub.repository, folder, { hub: hub.url, retryMs: [], inspect, ...options });

/** What a pull is refused with; nothing of it is on the disk. */
async function refused(options?: PullOptions): Promise<string> {
  const error = await pull(options).then(
    () => expect.fail("the pull succeeded"),
    (it: unknown) => it,
  );
  expect(error).toBeInstanceOf(UserError);
  expect(await readdir(folder)).toEqual([]);
  return (error as UserError).message;
}

/** What loading says of the same files on the disk, under the name that they have on the Hub. */
async function loadingSays(path = file): Promise<string> {
  const elsewhere = await mkdtemp(join(tmpdir(), "foretype-loaded-"));
  try {
    for (const [name, { bytes }] of hub.files) {
      await mkdir(dirname(join(elsewhere, name)), { recursive: true });
      await writeFile(join(elsewhere, name), bytes);
    }
    const open = await openModelFile(join(elsewhere, path));
    await open.file.close();
    return "nothing";
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return error.message.replaceAll(`${elsewhere}${"/"}`, `${hub.repository}/`);
  } finally {
    await rm(elsewhere, { recursive: true });
  }
}

const ranges = () => hub.requests.map(({ range }) => range);

test("a model that can run is downloaded, after one request for the start of its file", async () => {
  serve({ [file]: plain });
  const { path, downloaded } = await pull();
  expect(downloaded).toBe(true);
  expect(ranges()).toEqual([`bytes=0-${MIB - 1}`, undefined]);
  expect(sha256(await readFile(path))).toBe(sha256(hub.files.get(file)!.bytes));
});

describe("a model that cannot run is refused with the sentence of loading, before anything is stored", () => {
  const cases: [what: string, file: HeaderFile, says: RegExp][] = [
    [
      "an unknown architecture",
      keyed(plain, ["general.architecture", "string", "mamba9"]),
      /^someone\/Model-GGUF\/toy-Q8_0\.gguf is a "mamba9" model, and this version runs .*: choose one of those\.$/,
    ],
    [
      "an unsupported type",
      changed(plain, (it) => (it.name.includes("ffn_up") ? { ...it, type: 40 } : it)),
      /^toy-Q8_0\.gguf has 4 tensors in NVFP4, which cannot be computed with here: get Toy in Q4_K_M\.$/,
    ],
    [
      "a tensor that nothing is computed with",
      { ...plain, tensors: [...plain.tensors, { name: "blk.0.odd.weight", dims: [32], type: "F32" }] },
      /has a tensor blk\.0\.odd\.weight, which this version does not compute with/,
    ],
    [
      "a tensor of another shape",
      changed(plain, (it) => (it.name === "blk.1.ffn_up.weight" ? { ...it, dims: [512, 992] } : it)),
      /tensor blk\.1\.ffn_up\.weight has shape \[512, 992\] where \[512, 1024\] is needed/,
    ],
    [
      "an unknown pre-tokenizer",
      keyed(plain, ["tokenizer.ggml.pre", "string", "martian"]),
      /^toy-Q8_0\.gguf has "martian" in metadata key tokenizer\.ggml\.pre, and only .* can be read: /,
    ],
    [
      "another kind of vocabulary",
      keyed(plain, ["tokenizer.ggml.model", "string", "bert"]),
      /has "bert" in metadata key tokenizer\.ggml\.model/,
    ],
    [
      "a number out of its range",
      keyed(plain, ["qwen35.rope.freq_base", "f32", 0]),
      /has 0 in metadata key qwen35\.rope\.freq_base/,
    ],
    [
      "a dialect that cannot be resolved",
      keyed(plain, ["qwen35.attention.head_count", "u32", [4, 4, 8, 4]]),
      /has layers of different sizes/,
    ],
    ["an embedding model", keyed(plain, ["qwen35.pooling_type", "u32", 3]), /is an embedding model/],
  ];
  for (const [what, model, says] of cases)
    test(what, async () => {
      serve({ [file]: model });
      const said = await refused();
      expect(said).toMatch(says);
      expect(said).toBe(await loadingSays());
      expect(ranges()).toEqual([`bytes=0-${MIB - 1}`]);
      expect(hub.sent).toBeLessThanOrEqual(MIB);
      expect(hub.files.get(file)!.bytes.length).toBeGreaterThan(2 * MIB);
    });

  const broken: [what: string, content: HeaderFile | Uint8Array, says: RegExp][] = [
    [
      "a missing tensor",
      changed(plain, (it) => (it.name === "blk.2.ffn_up.weight" ? undefined : it)),
      /has no tensor blk\.2\.ffn_up\.weight/,
    ],
    [
      "a truncated file",
      headerBytes(plain).slice(0, 1_500_000),
      /needs .* bytes at byte .* and the file ends/,
    ],
    ["a truncated header", headerBytes(plain).slice(0, 3000), /the file ends at 3,000/],
  ];
  for (const [what, content, says] of broken)
    test(`${what}, with another advice than to download it again`, async () => {
      serve({ [file]: content });
      const said = await refused();
      expect(said).toMatch(says);
      const [problem] = (await loadingSays()).split(/: the file is|: download/);
      expect(said).toBe(`${problem}: choose another file or another model.`);
      expect(hub.sent).toBeLessThanOrEqual(MIB);
    });

  test("what is no GGUF file", async () => {
    serve({ [file]: Buffer.from("<html>Sign in</html>") });
    expect(await refused()).toBe(
      `${file} is not a GGUF file (it begins with 3c 68 74 6d, not 47 47 55 46): choose a model in GGUF format.`,
    );
  });
});

describe("the header of a large vocabulary", () => {
  /** 250,000 tokens of random texts with as many merges: 9 MB. */
  const large = (): HeaderFile => {
    const random = seededRandom(1);
    const word = (letters: number) =>
      Array.from({ length: letters }, () => String.fromCharCode(97 + random() * 26)).join("");
    const merges = Array.from({ length: 250_000 }, () => `${word(3)} ${word(4)}`);
    const model = publishedFile({ ...shape, vocabulary: 250_000 }, "Q8_0", false);
    return keyed(model, ["tokenizer.ggml.merges", "string", merges]);
  };

  test("comes in few requests, and at most twice as many bytes as it has", async () => {
    const model = keyed(large(), ["tokenizer.ggml.pre", "string", "martian"]);
    serve({ [file]: model });
    const { length } = hub.files.get(file)!.bytes;
    const data = model.tensors.reduce((sum, { dims: [columns = 1, rows = 1] }) => sum + columns * rows, 0);
    expect(await refused()).toContain("martian");
    expect(hub.requests.length).toBeLessThanOrEqual(5);
    expect(hub.sent).toBeLessThanOrEqual(2 * (length - data));
  });

  test("is refused where no header is that large", async () => {
    const filler = Array.from(
      { length: 5 },
      (_, i): MetadataPair => [`filler.${i}`, "string", "x".repeat(2 ** 24)],
    );
    serve({ [file]: { ...plain, metadata: [...filler, ...plain.metadata] } });
    expect(await refused()).toBe(
      `${file} is damaged (metadata key filler.3 needs 16,777,224 bytes at byte 50,331,776 and a header ends by 67,108,864): choose another file or another model.`,
    );
    expect(hub.sent).toBeLessThanOrEqual(64 * MIB);
  });
});

describe("a server", () => {
  const odd = keyed(plain, ["tokenizer.ggml.pre", "string", "martian"]);
  /** 48 MiB more than the header: those of a vision encoder, which is not loaded. */
  const heavy = (model: HeaderFile): Uint8Array => {
    const encoder: HeaderTensor = { name: "v.patch_embd.weight", dims: [48 * MIB], type: 24 };
    const head = headerBytes({ ...model, tensors: [...model.tensors, encoder] });
    const bytes = new Uint8Array(head.length + 48 * MIB);
    bytes.set(head);
    return bytes;
  };

  test("that ignores ranges sends what is needed, and is left then", async () => {
    hub.fault = () => ({ kind: "whole" });
    serve({ [file]: heavy(odd) });
    expect(await refused()).toContain("martian");
    expect(hub.sent).toBeLessThan(24 * MIB); // what was on its way when the connection was closed
    serve({ [file]: plain });
    await pull();
  });

  for (const kind of ["breaks-ranges", "shifted"] as const)
    test(`with other faults of its ranges (${kind}) is asked without one`, async () => {
      hub.fault = () => ({ kind });
      serve({ [file]: odd });
      expect(await refused()).toContain("martian");
      expect(ranges()).toEqual([`bytes=0-${MIB - 1}`, undefined]);
    });

  test("that says 416 is asked without a range", async () => {
    hub.fault = (_, __, range) => (range ? { kind: "status", status: 416 } : undefined);
    serve({ [file]: odd });
    expect(await refused()).toContain("martian");
  });

  test("that sends less than it was asked for is asked for the rest", async () => {
    hub.fault = (request) => (request < 3 ? { kind: "half" } : undefined);
    serve({ [file]: odd });
    expect(await refused({ retryMs: [0] })).toContain("martian");
    expect(ranges()).toEqual([0, 512, 768, 896].map((kib) => `bytes=${kib * 1024}-${MIB - 1}`));
  });

  const seed = testSeed();
  test(`that breaks off at random places is asked for the rest (seed ${seed})`, async () => {
    const random = seededRandom(seed);
    hub.fault = (request) =>
      request < 20 ? { kind: "cut", after: Math.floor(1 + random() * 40_000) } : undefined;
    serve({ [file]: odd });
    expect(await refused({ retryMs: Array(20).fill(0) }), `seed ${seed}`).toContain("martian");
  });

  test("that always breaks off is named", async () => {
    hub.fault = () => ({ kind: "cut", after: 1000 });
    serve({ [file]: odd });
    expect(await refused()).toMatch(
      /^The connection to 127\.0\.0\.1:\d+ broke after 1000 of the 1048576 bytes that were to say what toy-Q8_0\.gguf is: try again\.$/,
    );
  });

  const statuses: [status: number, errorCode: string | undefined, says: RegExp][] = [
    [401, undefined, /^someone\/Model-GGUF\/toy-Q8_0\.gguf is private or does not exist/],
    [403, undefined, /is closed to you/],
    [403, "GatedRepo", /is gated .*: accept the licence/],
    [404, "EntryNotFound", /does not exist on 127/],
    [416, undefined, /^127\.0\.0\.1:\d+ answered 416 for /],
    [503, undefined, /^127\.0\.0\.1:\d+ answered 503 for .*: try again later\.$/],
  ];
  for (const [status, errorCode, says] of statuses)
    test(`that says ${status}${errorCode ? ` ${errorCode}` : ""} ends it in one sentence`, async () => {
      hub.fault = () => ({ kind: "status", status, ...(errorCode && { errorCode }) });
      serve({ [file]: plain });
      expect(await refused()).toMatch(says);
      expect(hub.requests.length).toBeLessThanOrEqual(2);
    });

  test("that says 500 once and then serves is none that the user hears of", async () => {
    hub.fault = (request) => (request === 0 ? { kind: "status", status: 500 } : undefined);
    serve({ [file]: plain });
    await pull();
  });

  test("that sends a page to sign in is named", async () => {
    hub.fault = () => ({ kind: "page" });
    serve({ [file]: plain });
    expect(await refused()).toMatch(
      /^127\.0\.0\.1:\d+ sent a web page in place of toy-Q8_0\.gguf: check the Hub's address and the proxy, and whether the network wants you to sign in\.$/,
    );
  });

  test("whose file has another length than the listing says is named", async () => {
    hub.files.set(file, { bytes: headerBytes(plain), listedBytes: 5 * MIB });
    expect(await refused()).toMatch(
      /^127\.0\.0\.1:\d+ sent \d+ bytes in place of toy-Q8_0\.gguf, for which the Hub lists 5242880: /,
    );
  });

  test("that is slow can be left", async () => {
    hub.fault = () => ({ kind: "stall", after: 1000 });
    serve({ [file]: plain });
    const controller = new AbortController();
    const pulling = pull({ signal: controller.signal });
    await hub.stalled;
    controller.abort();
    await expect(pulling).rejects.toThrow(/abort/i);
    expect(await readdir(folder)).toEqual([]);
  });
});

describe("data behind the header", () => {
  const llama = (factors: readonly number[], before: number): Uint8Array => {
    const base = publishedFile(
      { ...shape, architecture: "qwen2", rotary: 64, interval: 1, delta: undefined as never, tied: false },
      "Q8_0",
      false,
    );
    const metadata = base.metadata.map(
      ([key, type, value]): MetadataPair => [
        key.replace(/^qwen2\./, "llama."),
        type,
        key === "general.architecture" ? "llama" : value,
      ],
    );
    const pad: HeaderTensor = { name: "token_types.weight", dims: [before / 4], type: "F32" };
    const rope: HeaderTensor = { name: "rope_freqs.weight", dims: [factors.length], type: "F32" };
    const tensors = base.tensors.filter(({ name }) => !name.endsWith(".bias"));
    const bytes = headerBytes({ metadata, tensors: [...tensors, pad, rope] });
    bytes.set(new Uint8Array(Float32Array.from(factors).buffer), bytes.length - 4 * factors.length);
    return bytes;
  };
  const good = Array.from({ length: 32 }, () => 2);
  const bad = good.map((factor, i) => (i === 7 ? -1 : factor));

  test("is asked for piece by piece", async () => {
    serve({ [file]: llama(bad, 4 * MIB) });
    const said = await refused();
    expect(said).toContain("rope_freqs.weight has an element that is not a positive number");
    expect(said).toBe(await loadingSays());
    const { length } = hub.files.get(file)!.bytes;
    expect(ranges()).toEqual([`bytes=0-${MIB - 1}`, `bytes=${length - 128}-${length - 1}`]);
    expect(hub.sent).toBe(MIB + 128);
  });

  test("that is too far behind for a server without ranges leaves the model unchecked, which is said", async () => {
    const notes: string[] = [];
    hub.fault = () => ({ kind: "whole" });
    serve({ [file]: llama(good, 64 * MIB) });
    const { downloaded } = await pull({ onNote: (note) => notes.push(note) });
    expect(downloaded).toBe(true);
    expect(notes).toEqual([
      expect.stringMatching(
        /^toy-Q8_0 is checked only when it is loaded: 127\.0\.0\.1:\d+ sends only whole files, and a part of toy-Q8_0\.gguf was needed\.$/,
      ),
    ]);
  });
});

describe("a split model", () => {
  const [one, two] = ["toy-Q8_0-00001-of-00002.gguf", "toy-Q8_0-00002-of-00002.gguf"];
  const split = (model: HeaderFile, at = 20, count = model.tensors.length): Record<string, HeaderFile> => {
    const keys = (no: number): MetadataPair[] => [
      ["split.no", "u16", no],
      ["split.count", "u16", 2],
      ["split.tensors.count", "i32", count],
    ];
    return {
      [one!]: { metadata: [...model.metadata, ...keys(0)], tensors: model.tensors.slice(0, at) },
      [two!]: { metadata: keys(1), tensors: model.tensors.slice(at) },
    };
  };

  test("is checked by the headers of all parts, and comes whole", async () => {
    serve(split(plain));
    await pull();
    expect(hub.requests.map(({ path, range }) => [path, range !== undefined])).toEqual([
      [one, true],
      [two, true],
      [one, false],
      [two, false],
    ]);
  });

  test("is refused for what its second part holds", async () => {
    serve(split(changed(plain, (it) => (it.name === "blk.3.ffn_down.weight" ? { ...it, type: 40 } : it))));
    expect(await refused()).toBe(await loadingSays(one));
  });

  test("is refused where its parts do not hold all tensors", async () => {
    serve(split(plain, 20, plain.tensors.length + 1));
    expect(await refused()).toMatch(
      /^The 2 parts of .* hold .* tensors and .* are said to be there: choose another/,
    );
  });
});

describe("a separate MTP file", () => {
  const mtpFile = "mtp-toy-Q8_0.gguf";
  const block: HeaderFile = changed(withMtp, (it) => (/^blk\.[0-3]\./.test(it.name) ? undefined : it));
  const pulled = async () => {
    const notes: string[] = [];
    const { files, bytes } = await pull({ onNote: (note) => notes.push(note) });
    return { files: files.map((path) => path.slice(join(folder, hub.repository).length + 1)), bytes, notes };
  };

  test("that fits comes with its model", async () => {
    serve({ [file]: plain, [mtpFile]: block });
    expect(await pulled()).toMatchObject({ files: [file, mtpFile], notes: [] });
    expect(hub.requests.filter(({ range }) => range).map(({ path }) => path)).toEqual([file, mtpFile]);
  });

  const misfits: [what: string, block: HeaderFile | Uint8Array, why: RegExp][] = [
    ["of another model", keyed(block, ["qwen35.feed_forward_length", "u32", 512]), /does not belong to it/],
    [
      "in a type that cannot be computed with",
      changed(block, (it) => (it.name.endsWith("eh_proj.weight") ? { ...it, type: 40 } : it)),
      /its tensor nextn\.eh_proj\.weight has type NVFP4/,
    ],
    [
      "with a tensor that nothing is computed with",
      { ...block, tensors: [...block.tensors, { name: "blk.4.odd.weight", dims: [32], type: "F32" }] },
      /has a tensor blk\.4\.odd\.weight/,
    ],
    ["that is no GGUF file", Buffer.from("Not Found"), /is not a GGUF file/],
  ];
  for (const [what, content, why] of misfits)
    test(`${what} is left out, and a note says why`, async () => {
      serve({ [file]: plain, [mtpFile]: content });
      const { files, bytes, notes } = await pulled();
      expect(files).toEqual([file]);
      expect(bytes).toBe(hub.files.get(file)!.bytes.length);
      expect(notes).toEqual([expect.stringMatching(why)]);
      expect(notes[0]).toMatch(/^mtp-toy-Q8_0\.gguf is left out: .*\.$/);
    });

  test("beside a model with a block of its own is left out, and a note says so", async () => {
    serve({ [file]: withMtp, [mtpFile]: block });
    expect(await pulled()).toMatchObject({
      files: [file],
      notes: [`${mtpFile} is left out: this model does not use it.`],
    });
  });

  test("beside a model that cannot run does not change what is said of the model", async () => {
    serve({
      [file]: keyed(plain, ["tokenizer.ggml.pre", "string", "martian"]),
      [mtpFile]: Buffer.from("none"),
    });
    expect(await refused()).toMatch(/^toy-Q8_0\.gguf has "martian"/);
  });

  test("whose header cannot be had ends the pull, as its download would", async () => {
    hub.fault = (_, path) => (path === mtpFile ? { kind: "status", status: 403 } : undefined);
    serve({ [file]: plain, [mtpFile]: block });
    expect(await refused()).toMatch(/mtp-toy-Q8_0\.gguf is closed to you/);
  });
});

test("where nothing can check the model, it is said and the model comes", async () => {
  serve({ [file]: plain });
  const access = { hub: hub.url };
  const stopped = new UserError({ code: "runtime", problem: "No Node was found", advice: "install one" });
  const checked = await checkPlan(
    await planPull(hub.repository, access),
    () => Promise.reject(stopped),
    access,
  );
  expect(checked).toMatchObject({
    found: undefined,
    unchecked: stopped,
    notes: ["toy-Q8_0 is checked only when it is loaded: No Node was found."],
  });
  expect(checked.plan.model.parts.map(({ path }) => path)).toEqual([file]);
});
