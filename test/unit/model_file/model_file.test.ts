import { mkdir, mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { UserError } from "../../../engine/errors/index.ts";
import { type OpenFile, openModelFile, readModelFile } from "../../../engine/model_file/index.ts";
import { seededRandom } from "../../reference/random.ts";
import { testSeed } from "../../reference/seed.ts";
import type { MetadataPair } from "../../reference/write_gguf.ts";
import {
  type HeaderFile,
  type HeaderTensor,
  type PublishedShape,
  publishedFile,
  TOY,
  writeHeader,
} from "../../reference/write_header.ts";

let folder: string;
const at = (name: string) => join(folder, name);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "models-"));
});
afterEach(() => rm(folder, { recursive: true }));

const mixture: PublishedShape = {
  ...TOY,
  architecture: "qwen35moe",
  feedForward: 0,
  experts: { count: 8, used: 2, feedForward: 256, shared: 256 },
};

const plain = publishedFile(TOY, "Q8_0", false);
const withMtp = publishedFile(TOY, "Q8_0", true);

/** The file with other values for keys of the architecture; undefined drops a key, an array is stored as one. */
function keyed(
  file: HeaderFile,
  changes: Readonly<Record<string, number | boolean | string | readonly number[] | undefined>>,
): HeaderFile {
  const metadata = file.metadata.filter(([key]) => !(key in changes));
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) continue;
    metadata.push([key, typeOfValue(value), value] as MetadataPair);
  }
  return { ...file, metadata };
}

function typeOfValue(value: number | boolean | string | readonly number[]): string {
  if (Array.isArray(value)) return value.every(Number.isInteger) ? "u32" : "f32";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "string") return "string";
  const isCount = typeof value !== "number" || (Number.isInteger(value) && value >= 0 && value < 2 ** 32);
  return isCount ? "u32" : "f32";
}

/** The file with its tensors by another name; undefined drops one. */
const renamed = (file: HeaderFile, rename: (name: string) => string | undefined): HeaderFile => ({
  ...file,
  tensors: file.tensors.flatMap((tensor) => {
    const name = rename(tensor.name);
    return name === undefined ? [] : [{ ...tensor, name }];
  }),
});

const added = (file: HeaderFile, ...tensors: HeaderTensor[]): HeaderFile => ({
  ...file,
  tensors: [...file.tensors, ...tensors],
});

/** The file with so many tokens: fewer, or more that pad. */
const withTokens = (file: HeaderFile, count: number): HeaderFile => ({
  ...file,
  metadata: file.metadata.map((pair): MetadataPair => {
    const [key, type, value] = pair;
    if (!Array.isArray(value) || !/ggml\.token(?:s|_type)$/.test(key)) return pair;
    const more = Array.from({ length: Math.max(0, count - value.length) }, (_, i) =>
      key.endsWith("type") ? 5 : `[PAD${value.length + i}]`,
    );
    return [key, type, [...value.slice(0, count), ...more]] as unknown as MetadataPair;
  }),
});

async function opened<T>(file: HeaderFile, look: (open: OpenFile) => T | Promise<T>): Promise<T> {
  const path = at("toy.gguf");
  await writeHeader(path, file);
  const open = await openModelFile(path);
  await using _ = open.file;
  return await look(open);
}

async function complaint(path: string): Promise<string> {
  try {
    await (await openModelFile(path)).file.close();
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  return "none";
}

async function complaintOf(file: HeaderFile): Promise<string> {
  await writeHeader(at("toy.gguf"), file);
  return complaint(at("toy.gguf"));
}

describe("MTP by its tensors", () => {
  const count = "qwen35.block_count";
  const key = "qwen35.nextn_predict_layers";
  const unnamed = "The file has an MTP block that its metadata does not name.";
  const absent = "The metadata names an MTP block, and the file has none.";
  const cases: [what: string, file: HeaderFile, mtp: number, notes: string[]][] = [
    ["key and tensors", withMtp, 1, []],
    ["neither", plain, 0, []],
    ["tensors that the count includes, and no key", keyed(withMtp, { [key]: undefined }), 1, [unnamed]],
    ["tensors beyond the count, and no key", keyed(withMtp, { [key]: undefined, [count]: 4 }), 1, [unnamed]],
    ["tensors beyond the count, and a key", keyed(withMtp, { [count]: 4 }), 1, []],
    ["a key that is 0, and tensors", keyed(withMtp, { [key]: 0, [count]: 4 }), 0, []],
    ["a key that is 0, and tensors in the count", keyed(withMtp, { [key]: 0 }), 0, []],
    ["a key and no tensors, counted", keyed(plain, { [key]: 1, [count]: 5 }), 0, [absent]],
    ["a key and no tensors, not counted", keyed(plain, { [key]: 1 }), 0, [absent]],
    [
      "a block that lost its own tensors",
      renamed(withMtp, (name) => (name.includes("nextn") ? undefined : name)),
      0,
      [absent],
    ],
    [
      "a block without its norm of hidden rows",
      renamed(withMtp, (name) => (name.includes("hnorm") ? undefined : name)),
      0,
      ["The file's MTP block is ignored: it has no tensor nextn.hnorm.weight."],
    ],
    [
      "a block for another width",
      {
        ...withMtp,
        tensors: withMtp.tensors.map((it) =>
          it.name.includes("eh_proj") ? { ...it, dims: [1024, 512] } : it,
        ),
      },
      0,
      [
        "The file's MTP block is ignored: its tensor nextn.eh_proj.weight has shape [1024, 512] where [512, 256] is needed.",
      ],
    ],
  ];
  test.each(cases)("%s", async (_, file, mtp, notes) => {
    await opened(file, ({ h, file: whole, notes: found }) => {
      expect({ layers: h.layers, mtp: h.mtpLayers }).toEqual({ layers: 4, mtp });
      expect(h.fullAttention).toEqual([false, false, false, true]);
      expect(found).toEqual(notes);
      expect(whole.tensors.has("blk.4.attn_norm.weight")).toBe(mtp === 1);
    });
  });

  test("of two blocks the first drafts", async () => {
    const second = withMtp.tensors.filter(({ name }) => name.startsWith("blk.4."));
    const both = added(
      keyed(withMtp, { [key]: 2, [count]: 6 }),
      ...second.map((tensor) => ({ ...tensor, name: tensor.name.replace("blk.4.", "blk.5.") })),
    );
    await opened(both, ({ h, notes, file }) => {
      expect(h).toMatchObject({ layers: 4, mtpLayers: 1 });
      expect(notes).toEqual(["The file has several MTP blocks, and the first one drafts."]);
      expect(file.tensors.size).toBe(withMtp.tensors.length);
    });
  });

  test("a trunk with a block too few is incomplete, not a model with MTP", async () => {
    const cut = renamed(plain, (name) => (name.startsWith("blk.3.") ? undefined : name));
    expect(await complaintOf(cut)).toBe(
      "toy.gguf has 3 of its 4 blocks: the file is incomplete, download it again.",
    );
  });
});

describe("a separate MTP file", () => {
  const block = (of: HeaderFile) =>
    renamed(of, (name) => (name.startsWith("blk.4.") || !name.startsWith("blk.") ? name : undefined));

  test.each([
    ["dense", TOY],
    ["mixture", mixture],
  ])("joins a %s model by its name", async (_, it) => {
    await writeHeader(at("Toy-Q4_K_M.gguf"), publishedFile(it, "Q4_K_M", false));
    await writeHeader(at("mtp-Toy-Q8_0.gguf"), block(publishedFile(it, "Q8_0", true)));
    const open = await openModelFile(at("Toy-Q4_K_M.gguf"));
    await using file = open.file;
    expect(open.h).toMatchObject({ layers: 4, mtpLayers: 1 });
    expect(open.notes).toEqual(["The MTP block is that of mtp-Toy-Q8_0.gguf."]);
    expect(file.tensors.get("blk.4.attn_q.weight")!.type).toBe("Q8_0");
    expect(file.tensors.get("token_embd.weight")!.type).toBe("Q6_K");
  });

  test("of two that fit, the one in the model's quant is taken", async () => {
    await writeHeader(at("Toy-Q8_0.gguf"), plain);
    await writeHeader(at("mtp-Toy-Q4_K_M.gguf"), block(publishedFile(TOY, "Q4_K_M", true)));
    await writeHeader(at("mtp-Toy-Q8_0.gguf"), block(withMtp));
    const open = await openModelFile(at("Toy-Q8_0.gguf"));
    await using _ = open.file;
    expect(open.notes).toEqual(["The MTP block is that of mtp-Toy-Q8_0.gguf."]);
  });

  test("of two, the one that fits is taken", async () => {
    await writeHeader(at("Toy-Q8_0.gguf"), plain);
    await writeHeader(at("mtp-Toy-Q4_K_M.gguf"), block(publishedFile(TOY, "Q4_K_M", true)));
    await writeHeader(
      at("mtp-Toy-Q8_0.gguf"),
      block(publishedFile({ ...TOY, embedding: 512 }, "Q8_0", true)),
    );
    const open = await openModelFile(at("Toy-Q8_0.gguf"));
    await using _ = open.file;
    expect(open.notes).toEqual(["The MTP block is that of mtp-Toy-Q4_K_M.gguf."]);
  });

  test("one with tables for another vocabulary drafts with the model's", async () => {
    await writeHeader(at("Toy-Q8_0.gguf"), plain);
    const table = { name: "blk.4.nextn.shared_head_head.weight", dims: [256, 320], type: "Q8_0" } as const;
    await writeHeader(at("mtp-Toy-Q8_0.gguf"), added(block(withMtp), table));
    const open = await openModelFile(at("Toy-Q8_0.gguf"));
    await using file = open.file;
    expect(open.h.mtpLayers).toBe(1);
    expect(file.tensors.has(table.name)).toBe(false);
  });

  test("of several in no quant of the model's, the smallest is taken", async () => {
    await writeHeader(at("Toy-Q6_K.gguf"), plain);
    await writeHeader(at("mtp-Toy-BF16.gguf"), block(withMtp));
    await writeHeader(at("mtp-Toy-Q4_0.gguf"), block(publishedFile(TOY, "Q4_K_M", true)));
    const open = await openModelFile(at("Toy-Q6_K.gguf"));
    await using _ = open.file;
    expect(open.notes).toEqual(["The MTP block is that of mtp-Toy-Q4_0.gguf."]);
  });

  test.each([
    ["a folder MTP beside the model", "Toy-Q8_0.gguf", "MTP/mtp-Toy-Q4_0.gguf", 1],
    ["that folder in small letters", "Toy-Q8_0.gguf", "mtp/mtp-Toy-Q4_0.gguf", 1],
    ["above the folder of one quant's files", "Q8_0/Toy-Q8_0.gguf", "mtp-Toy-Q4_0.gguf", 1],
    ["a folder MTP above that of one quant's files", "BF16/Toy-BF16.gguf", "MTP/mtp-Toy-Q4_0.gguf", 1],
    ["any other folder", "Toy-Q8_0.gguf", "other/mtp-Toy-Q8_0.gguf", 0],
    ["above any other folder", "mine/Toy-Q8_0.gguf", "mtp-Toy-Q8_0.gguf", 0],
  ])("in %s", async (_, model, mtp, blocks) => {
    for (const path of [model, mtp]) await mkdir(dirname(at(path)), { recursive: true });
    await writeHeader(at(model), plain);
    await writeHeader(at(mtp), block(withMtp));
    const open = await openModelFile(at(model));
    await using __ = open.file;
    expect(open.h.mtpLayers).toBe(blocks);
    expect(open.notes).toEqual(blocks > 0 ? [`The MTP block is that of ${basename(mtp)}.`] : []);
  });

  test("a model with a block of its own needs none", async () => {
    await writeHeader(at("Toy-Q8_0.gguf"), withMtp);
    await mkdir(at("MTP"));
    await writeHeader(at("MTP/mtp-Toy-Q8_0.gguf"), block(withMtp));
    const open = await openModelFile(at("Toy-Q8_0.gguf"));
    await using file = open.file;
    expect(open.notes).toEqual([]);
    expect(file.tensors.size).toBe(withMtp.tensors.length);
  });

  const misfit = "; move it away, or get the one that belongs to the model.";
  const aside = "The MTP file beside it is left aside: mtp-Toy-Q8_0.gguf";
  const cases: [what: string, file: HeaderFile, note: string][] = [
    [
      "of another width",
      block(publishedFile({ ...TOY, embedding: 512 }, "Q8_0", true)),
      ` does not belong to it (qwen35.embedding_length is 512 there and 256 here)${misfit}`,
    ],
    [
      "of another width that has no keys",
      keyed(block(publishedFile({ ...TOY, embedding: 512 }, "Q8_0", true)), {
        "qwen35.embedding_length": undefined,
      }),
      ` does not belong to it (its tensor nextn.eh_proj.weight has shape [1024, 512] where [512, 256] is needed)${misfit}`,
    ],
    [
      "of another depth",
      renamed(block(withMtp), (name) => name.replace("blk.4.", "blk.6.")),
      ` does not belong to it (its block comes after 6 layers and this one has 4)${misfit}`,
    ],
    [
      "of another architecture",
      block(publishedFile(mixture, "Q8_0", true)),
      ` does not belong to it (it is a "qwen35moe" model and this one is "qwen35")${misfit}`,
    ],
    [
      "of a drafter's architecture",
      keyed(block(withMtp), { "general.architecture": "dflash" }),
      ` does not belong to it (it is a "dflash" model and this one is "qwen35")${misfit}`,
    ],
    [
      "with another vocabulary",
      block(publishedFile({ ...TOY, vocabulary: 320 }, "Q8_0", true)),
      ` does not belong to it (token 295 of its vocabulary is another one than here)${misfit}`,
    ],
    [
      "with fewer tokens",
      withTokens(block(withMtp), 290),
      ` does not belong to it (it has 290 tokens and this one has 300)${misfit}`,
    ],
    [
      "without a tensor",
      renamed(block(withMtp), (name) => (name.includes("attn_k.") ? undefined : name)),
      ` does not belong to it (it has no tensor attn_k.weight)${misfit}`,
    ],
    [
      "with sizes for each layer",
      keyed(block(withMtp), { "qwen35.feed_forward_length": [512, 512, 512, 512, 256] }),
      " has layers of different sizes (qwen35.feed_forward_length is 512, 256), and only equal ones are supported; choose another model.",
    ],
  ];
  test.each(cases)("one %s is left aside, and the model opens", async (_, file, note) => {
    await writeHeader(at("Toy-Q8_0.gguf"), plain);
    await writeHeader(at("mtp-Toy-Q8_0.gguf"), file);
    expect(await openedAside()).toEqual([`${aside}${note}`]);
  });

  /** The notes of a model that opened without an MTP block. */
  async function openedAside(): Promise<readonly string[]> {
    const open = await openModelFile(at("Toy-Q8_0.gguf"));
    await using file = open.file;
    expect(open.h).toMatchObject({ layers: 4, mtpLayers: 0 });
    expect(file.tensors.size).toBe(plain.tensors.length);
    return open.notes;
  }

  test.each([
    [
      "cut off in its weights",
      (bytes: Buffer) => bytes.subarray(0, -1000),
      /^ is damaged \(tensor .*; download it again\.$/,
    ],
    [
      "cut off in its header",
      (bytes: Buffer) => bytes.subarray(0, 100),
      /^ is damaged \(.*; download it again\.$/,
    ],
    ["empty", (bytes: Buffer) => bytes.subarray(0, 0), /^ is empty; download it again\.$/],
    [
      "of another format",
      () => Buffer.from("<html>"),
      /^ is not a GGUF file .*; choose a model in GGUF format\.$/,
    ],
  ])("one that is %s is left aside", async (_, change, note) => {
    await writeHeader(at("Toy-Q8_0.gguf"), plain);
    const path = at("mtp-Toy-Q8_0.gguf");
    await writeHeader(path, block(withMtp));
    await writeFile(path, change(await readFile(path)));
    const [found = "", ...more] = await openedAside();
    expect(more).toEqual([]);
    expect(found.slice(0, aside.length)).toBe(aside);
    expect(found.slice(aside.length)).toMatch(note);
  });

  test("random bytes in its header never cost the model", async () => {
    const seed = testSeed();
    const random = seededRandom(seed);
    await writeHeader(at("Toy-Q8_0.gguf"), plain);
    const path = at("mtp-Toy-Q8_0.gguf");
    await writeHeader(path, block(withMtp));
    const sound = await readFile(path);
    let aside = 0;
    for (let run = 0; run < 150; run++) {
      const bytes = Buffer.from(sound);
      for (let i = 0; i < 3; i++) bytes[Math.floor(random() * 12_000)] = Math.floor(random() * 256);
      await writeFile(path, bytes);
      const open = await openModelFile(at("Toy-Q8_0.gguf")).catch((error) => {
        throw new Error(`seed ${seed}, run ${run}`, { cause: error });
      });
      await open.file.close();
      expect(open.notes.length, `seed ${seed}, run ${run}`).toBeGreaterThan(0);
      if (open.h.mtpLayers === 0) aside++;
    }
    expect(aside, `seed ${seed}`).toBeGreaterThan(15);
  });

  test("one that cannot be read at all is left aside", async () => {
    await writeHeader(at("Toy-Q8_0.gguf"), plain);
    await mkdir(at("mtp-Toy-Q8_0.gguf"));
    expect((await openedAside()).join()).toMatch(
      /^The MTP file beside it is left aside: .* is a directory; /,
    );
  });

  test("tokens that pad make no other vocabulary", async () => {
    await writeHeader(at("Toy-Q8_0.gguf"), plain);
    await writeHeader(at("mtp-Toy-Q8_0.gguf"), withTokens(block(withMtp), 310));
    const open = await openModelFile(at("Toy-Q8_0.gguf"));
    await using _ = open.file;
    expect(open.h.mtpLayers).toBe(1);
  });

  test.each([
    [
      "a tensor that nothing computes with",
      { name: "blk.4.attn_sinks.weight", dims: [4], type: "F32" },
      "has a tensor blk.4.attn_sinks.weight",
    ],
    [
      "a head in a type that is not read",
      { name: "blk.4.nextn.shared_head_head.weight", dims: [256, 300], type: 40 },
      "has 1 tensor in NVFP4",
    ],
    [
      "a norm of another size",
      { name: "blk.4.nextn.shared_head_norm.weight", dims: [128], type: "F32" },
      "has shape [128] where [256] is needed",
    ],
  ] as const)("a block with %s costs the drafts, wherever it is", async (_, tensor, fault) => {
    const with_ = (file: HeaderFile) =>
      added(
        renamed(file, (name) => (name === tensor.name ? undefined : name)),
        { ...tensor, dims: [...tensor.dims] },
      );
    await writeHeader(at("Toy-Q8_0.gguf"), plain);
    await writeHeader(at("mtp-Toy-Q8_0.gguf"), with_(block(withMtp)));
    await writeHeader(at("whole.gguf"), with_(withMtp));
    for (const name of ["Toy-Q8_0.gguf", "whole.gguf"]) {
      const open = await openModelFile(at(name));
      await using _ = open.file;
      expect(open.h).toMatchObject({ layers: 4, mtpLayers: 0 });
      expect(open.notes.at(-1)).toMatch(/^The MTP block is left aside: /);
      expect(open.notes.at(-1)).toContain(fault);
    }
  });

  test("drafters of other kinds are named as left aside", async () => {
    await writeHeader(at("Toy-Q8_0.gguf"), plain);
    for (const name of ["dflash-Toy-Q8_0.gguf", "eagle3-Toy-F16.gguf", "dflash-Other-Q8_0.gguf"])
      await writeFile(at(name), "");
    expect(await openedAside()).toEqual([
      "dflash-Toy-Q8_0.gguf and eagle3-Toy-F16.gguf are left aside: of the files that draft, only MTP blocks are used.",
    ]);
  });

  test("named alone it is refused", async () => {
    expect(await complaintOf(block(withMtp))).toBe(
      `${at("toy.gguf")} holds only the MTP block of a model: name the model itself, and keep this file beside it.`,
    );
  });
});

test("a joined tensor of other heads than the keys say is refused with both shapes", async () => {
  const next: PublishedShape = { ...mixture, architecture: "qwen3next", joined: true };
  for (const [name, rows, needed] of [
    ["ssm_in", 700, 2 * 2 * 64 + 2 * 4 * 64],
    ["ssm_ba", 9, 8],
  ] as const) {
    const file = publishedFile(next, "Q8_0", false);
    const tensors = file.tensors.map((it) =>
      it.name === `blk.0.${name}.weight` ? { ...it, dims: [256, rows] } : it,
    );
    expect(await complaintOf({ ...file, tensors })).toContain(
      `tensor blk.0.${name}.weight has shape [256, ${rows}] where [256, ${needed}] is needed`,
    );
  }
});

describe("Ollama's dialect", () => {
  const ollama = (file: HeaderFile, architecture = "qwen35") =>
    added(
      renamed(
        keyed(file, {
          [`${architecture}.rope.dimension_sections`]: [11, 11, 10],
          [`${architecture}.mrope_sections`]: [11, 11, 10],
          [`${architecture}.rope.mrope_interleaved`]: true,
          [`${architecture}.ssm.v_head_reordered`]: true,
          [`${architecture}.vision.block_count`]: 12,
          [`${architecture}.attention.head_count_kv`]: [0, 0, 0, 2],
          norm_top_k_prob: true,
        }),
        (name) => name.replace(/ssm_dt\.bias$/, "ssm_dt"),
      ),
      { name: "v.blk.0.attn_q.weight", dims: [32, 32], type: "F16" },
      { name: "mm.0.weight", dims: [32, 256], type: "F16" },
    );
  const vision = "The file also holds a vision encoder (2 tensors), which is not loaded.";

  test("a blob without an ending reads as llama.cpp's file of the same model does", async () => {
    const there = await opened(plain, ({ h, file }) => ({ h, tensors: [...file.tensors.keys()] }));
    const path = at("sha256-0123456789abcdef");
    await writeHeader(path, ollama(plain));
    const open = await openModelFile(path);
    await using file = open.file;
    expect({ h: open.h, tensors: [...file.tensors.keys()] }).toEqual(there);
    expect(open.notes).toEqual([vision]);
  });

  test("zeros among the KV heads say which layers are recurrent", async () => {
    // The tensors are those of other layers, which is said beside the shapes.
    await writeHeader(at("toy.gguf"), keyed(plain, { "qwen35.attention.head_count_kv": [0, 2, 0, 2] }));
    const { file, h, refusal } = await readModelFile(at("toy.gguf"));
    await file.close();
    expect(h.fullAttention).toEqual([false, true, false, true]);
    expect(h.attention.kvHeads).toBe(2);
    expect(refusal?.problem).toContain("tensor blk.1.attn_qkv.weight has shape");
  });

  test("values for fewer layers than there are are refused", async () => {
    expect(await complaintOf(keyed(plain, { "qwen35.attention.head_count_kv": [0, 0, 0] }))).toBe(
      "toy.gguf has 3 values in metadata key qwen35.attention.head_count_kv for 4 layers: download it again or choose another file of this model.",
    );
  });

  const sizes = [
    ["qwen35", "attention.head_count", 4],
    ["qwen35", "attention.head_count_kv", 2],
    ["qwen35", "feed_forward_length", 512],
    ["qwen35", "attention.key_length", 64],
    ["qwen35", "attention.layer_norm_rms_epsilon", 1e-6],
    ["qwen35", "rope.freq_base", 1e7],
    ["qwen35moe", "expert_used_count", 2],
    ["qwen35moe", "expert_feed_forward_length", 256],
    ["qwen35moe", "expert_shared_feed_forward_length", 256],
  ] as const;

  test.each(sizes)(
    "%s.%s for each layer: one for all is that one, another is refused",
    async (family, name, value) => {
      const key = `${family}.${name}`;
      const file = family === "qwen35" ? plain : publishedFile(mixture, "Q8_0", false);
      const scalar = await opened(file, ({ h }) => h);
      await opened(keyed(file, { [key]: [value, value, value, value] }), ({ h }) =>
        expect(h).toEqual(scalar),
      );
      expect(await complaintOf(keyed(file, { [key]: [value, 2 * value, value, value] }))).toMatch(
        / has layers of different sizes \(.*, and only equal ones are supported: choose another model\.$/,
      );
    },
  );

  test("the sentence names the key and the values that differ, not all of many", async () => {
    expect(await complaintOf(keyed(plain, { "qwen35.feed_forward_length": [512, 512, 768, 512] }))).toBe(
      "toy.gguf has layers of different sizes (qwen35.feed_forward_length is 512, 768), and only equal ones are supported: choose another model.",
    );
    const deep = publishedFile({ ...TOY, layers: 12 }, "Q8_0", false);
    const many = Array.from({ length: 12 }, (_, i) => 64 * (i + 1));
    expect(await complaintOf(keyed(deep, { "qwen35.feed_forward_length": many }))).toContain(
      "(qwen35.feed_forward_length is 64, 128, 192, 256, 320, 384 and 6 other values)",
    );
  });

  test("a zero says that a layer has no heads only where it has a delta net", async () => {
    const zeros = {
      "qwen35.attention.head_count": [0, 0, 0, 4],
      "qwen35.attention.head_count_kv": [0, 0, 0, 2],
    };
    await opened(keyed(plain, zeros), ({ h }) => {
      expect(h.attention).toMatchObject({ heads: 4, kvHeads: 2 });
      expect(h.fullAttention).toEqual([false, false, false, true]);
    });
    for (const key of ["qwen35.feed_forward_length", "qwen35.attention.head_count"]) {
      expect(await complaintOf(keyed(plain, { [key]: [512, 512, 512, 0] }))).toContain(`(${key} is 512, 0)`);
    }
  });

  test("what an MTP block has of its own is the block's affair", async () => {
    const sized = keyed(withMtp, { "qwen35.feed_forward_length": [512, 512, 512, 512, 256] });
    await opened(sized, ({ h }) => expect(h).toMatchObject({ feedForward: 512, mtpLayers: 1 }));
  });

  test("flags for fewer layers than there are are refused", async () => {
    expect(await complaintOf(keyed(plain, { "qwen35.attention.recurrent_layers": [1, 1, 1] }))).toContain(
      "has 3 values in metadata key qwen35.attention.recurrent_layers for 4 layers",
    );
  });

  test("a key says whether the value heads of a key head lie together, else the architecture does", async () => {
    for (const [architecture, otherwise] of [
      ["qwen35moe", false],
      ["qwen3next", true],
    ] as const) {
      const file = publishedFile({ ...mixture, architecture }, "Q8_0", false);
      for (const [reordered, grouped] of [
        [undefined, otherwise],
        [true, false],
        [false, true],
      ] as const) {
        const said = keyed(file, { [`${architecture}.ssm.v_head_reordered`]: reordered });
        await opened(said, ({ h }) => expect(h.delta.grouped, `${architecture} ${reordered}`).toBe(grouped));
      }
    }
  });

  const raw = (name: string) =>
    name
      .replace("blk.4.nextn.eh_proj", "mtp.fc")
      .replace("blk.4.nextn.enorm", "mtp.pre_fc_norm_embedding")
      .replace("blk.4.nextn.hnorm", "mtp.pre_fc_norm_hidden")
      .replace("blk.4.nextn.shared_head_norm", "mtp.norm")
      .replace("blk.4.", "mtp.layers.0.");
  const unnamed = "The file has an MTP block that its metadata does not name.";

  test("raw MTP tensors draft, and the norms that the converter left as they were get their 1", async () => {
    const file = renamed(ollama(publishedFile(mixture, "Q8_0", true), "qwen35moe"), raw);
    const keys = { "qwen35moe.block_count": 4, "qwen35moe.nextn_predict_layers": undefined };
    await opened(keyed(file, keys), async ({ h, file: whole, notes }) => {
      expect(h).toMatchObject({ layers: 4, mtpLayers: 1 });
      expect(notes).toEqual([vision, unnamed]);
      const weights = async (name: string) => {
        const { offset, bytes } = whole.tensors.get(`blk.4.${name}.weight`)!;
        const target = new Uint8Array(bytes);
        await whole.read(offset, target);
        return new Set(new Float32Array(target.buffer));
      };
      // The file's own weights are all 0.
      for (const name of ["enorm", "hnorm", "shared_head_norm"]) {
        expect(await weights(`nextn.${name}`), name).toEqual(new Set([1]));
      }
      expect(await weights("attn_norm")).toEqual(new Set([0]));
    });
  });

  test("a norm of a raw MTP block that is far longer than any is not read into memory, and the block is left out", async () => {
    const file = renamed(withMtp, raw);
    const long = {
      ...keyed(file, { "qwen35.block_count": 4, "qwen35.nextn_predict_layers": undefined }),
      tensors: file.tensors.map((it) =>
        it.name === "mtp.pre_fc_norm_hidden.weight" ? { ...it, dims: [2 ** 29] } : it,
      ),
    };
    await opened(long, ({ h, notes }) => {
      expect(h.mtpLayers).toBe(0);
      expect(notes.join()).toMatch(/nextn\.hnorm\.weight has shape \[536870912\]/);
    });
    expect(process.memoryUsage().arrayBuffers).toBeLessThan(2 ** 30);
  });

  test("raw MTP tensors that form no whole block are ignored", async () => {
    const file = renamed(withMtp, (name) => raw(name).replace("attn_q.", "self_attn.q_proj."));
    const named = keyed(file, { "qwen35.block_count": 4, "qwen35.nextn_predict_layers": undefined });
    await writeHeader(
      at("toy.gguf"),
      renamed(named, (name) => name.replace("blk.3.self_attn.q_proj", "blk.3.attn_q")),
    );
    const open = await openModelFile(at("toy.gguf"));
    await using _ = open.file;
    expect(open.h.mtpLayers).toBe(0);
    expect(open.notes).toEqual(["The file's MTP block is ignored: it has no tensor attn_q.weight."]);
  });
});

test("experts in tensors of their own are named as an old file's", async () => {
  const stacked = publishedFile(mixture, "Q8_0", false);
  const single = (name: string) => name.replace(/ffn_(gate|up|down)_exps\.weight$/, "ffn_$1");
  const old: HeaderFile = {
    metadata: stacked.metadata,
    tensors: stacked.tensors.flatMap(({ name, dims, type }) =>
      name.includes("_exps")
        ? Array.from({ length: 8 }, (_, i) => ({
            name: `${single(name)}.${i}.weight`,
            dims: dims.slice(0, 2),
            type,
          }))
        : [{ name, dims, type }],
    ),
  };
  expect(await complaintOf(old)).toBe(
    "toy.gguf has its experts one by one (blk.0.ffn_gate.0.weight), as files of mixtures made before April 2024 have them, and only stacked ones are read: get a newer file of this model, whose experts are in tensors such as blk.0.ffn_gate_exps.weight.",
  );
});

describe("what is no model", () => {
  const cases: [what: string, file: HeaderFile, sentence: RegExp][] = [
    [
      "a vision projector",
      { metadata: [["general.architecture", "string", "clip"]], tensors: [] },
      /^toy\.gguf is the vision projector of a model: name the model itself, which is the other file\.$/,
    ],
    [
      "an adapter",
      keyed(plain, { "general.type": "adapter" }),
      /^toy\.gguf is a LoRA adapter, .*: name a model/,
    ],
    [
      "a drafter",
      keyed(plain, { "general.architecture": "eagle3" }),
      /^toy\.gguf is a drafter \(eagle3\), .*: name the model itself, which drafts without it\.$/,
    ],
    [
      "an importance matrix",
      keyed({ metadata: [], tensors: [] }, { "general.type": "imatrix" }),
      /^toy\.gguf is an importance matrix, .*: name the model itself\.$/,
    ],
    [
      "an embedding model",
      keyed(plain, { "qwen35.pooling_type": 3 }),
      /is an embedding model, .*: choose a model/,
    ],
    ["a reranker", keyed(plain, { "qwen35.pooling_type": 4 }), /is a reranker, .*: choose a model/],
    [
      "another family",
      keyed(plain, { "general.architecture": "gemma3" }),
      /is a "gemma3" model, and this version runs .*: choose one of those\.$/,
    ],
  ];
  test.each(cases)("%s is named as what it is", async (_, file, sentence) => {
    expect(await complaintOf(file)).toMatch(sentence);
  });
});

describe("what would change results or stop the device is refused before a weight is read", () => {
  const key = (name: string) => `qwen35.${name}`;
  const numbers: readonly [key: string, value: number][] = [
    [key("attention.layer_norm_rms_epsilon"), Number.NaN],
    [key("attention.layer_norm_rms_epsilon"), 0],
    [key("attention.layer_norm_rms_epsilon"), Number.POSITIVE_INFINITY],
    [key("attention.layer_norm_rms_epsilon"), -1e-6],
    [key("rope.freq_base"), Number.NaN],
    [key("rope.freq_base"), 0],
    [key("rope.freq_base"), 1e30],
    [key("attention.scale"), -1],
    [key("attention.scale"), 1e30],
    [key("attention.head_count"), 0],
    [key("attention.head_count"), -4],
    [key("attention.head_count_kv"), 0],
    [key("embedding_length"), 0],
    [key("context_length"), 0],
    [key("context_length"), -1],
    [key("block_count"), 0],
    [key("feed_forward_length"), 0.5],
    [key("ssm.group_count"), 0],
    [key("rope.scaling.factor"), -1],
    [key("rope.scaling.attn_factor"), 1e30],
  ];
  test.each(numbers)("%s = %d", async (name, value) => {
    const complaint = await complaintOf(keyed(plain, { [name]: value }));
    expect(complaint).toContain(name.includes("scaling") ? "stretches its context by" : name);
  });

  test.each([
    "blk.0.ffn_down.bias",
    "blk.3.attn_output.bias",
    "blk.0.attn_qkv.scale",
    "blk.0.ffn_up.input_scale",
    "blk.3.attn_sinks.weight",
    "output.bias",
  ])("a tensor %s, which nothing computes with", async (name) => {
    expect(await complaintOf(added(plain, { name, dims: [32], type: "F32" }))).toContain(
      `has a tensor ${name}, which this version does not compute with`,
    );
  });

  const changing: readonly [
    key: string,
    value: number | boolean | string,
    neutral: number | boolean | string,
  ][] = [
    [key("attn_logit_softcapping"), 50, 0],
    [key("final_logit_softcapping"), 30, 0],
    [key("attention.causal"), false, true],
    [key("attention.clamp_kqv"), 8, 0],
    [key("attention.max_alibi_bias"), 8, 0],
    [key("residual_scale"), 0.22, 1],
    [key("logit_scale"), 8, 1],
    [key("expert_weights_scale"), 2.5, 1],
    [key("expert_gating_func"), 2, 1],
    [key("expert_weights_norm"), false, true],
    [key("norm_top_k_prob"), false, true],
    [key("expert_group_count"), 8, 1],
    [key("leading_dense_block_count"), 1, 0],
    [key("hidden_activation"), "gelu", "silu"],
    [key("use_parallel_residual"), true, false],
    ["tokenizer.ggml.normalizer.lowercase", true, false],
  ];
  test.each(changing)("%s = %j, but not where it is %j", async (name, value, neutral) => {
    expect(await complaintOf(keyed(plain, { [name]: value }))).toBe(
      `toy.gguf has ${JSON.stringify(value)} in metadata key ${name}, which this version does not compute with, and without it results would differ: choose another model.`,
    );
    await opened(keyed(plain, { [name]: neutral }), ({ notes }) => expect(notes).toEqual([]));
  });

  test("Granite without rotation; of others the same key says nothing", async () => {
    const granite = (finetuned: boolean): HeaderFile => {
      const { delta: _, interval: __, ...attention } = TOY;
      const whole = publishedFile({ ...attention, architecture: "granite" }, "Q8_0", false);
      return keyed(whole, { "granite.rope.scaling.finetuned": finetuned });
    };
    expect(await complaintOf(granite(false))).toContain(
      "false in metadata key granite.rope.scaling.finetuned",
    );
    await opened(granite(true), ({ notes }) => expect(notes).toEqual([]));
    await opened(keyed(plain, { [key("rope.scaling.finetuned")]: false }), ({ notes }) =>
      expect(notes).toEqual([]),
    );
  });

  test("a key of unknown meaning is named, one that describes the file is not", async () => {
    const file = keyed(plain, {
      [key("attention.novelty")]: 3,
      "toolmaker.\u001b[31mnote": "x",
      "general.license": "mit",
    });
    await opened(file, ({ notes }) =>
      expect(notes).toEqual([
        `Metadata that this version does not know and leaves unused: ${key("attention.novelty")}, toolmaker. [31mnote.`,
      ]),
    );
  });

  test("a key that JavaScript's objects have of themselves is a key like any other", async () => {
    const names = ["__proto__", "constructor", "toString"];
    const file = {
      ...plain,
      metadata: [...plain.metadata, ...names.map((it): MetadataPair => [it, "u32", 1])],
    };
    await opened(file, ({ notes }) =>
      expect(notes).toEqual([
        `Metadata that this version does not know and leaves unused: ${names.join(", ")}.`,
      ]),
    );
  });

  test("attention that slides is exact within its window, which is then the context", async () => {
    await opened(keyed(plain, { [key("attention.sliding_window")]: 1024 }), ({ h }) =>
      expect(h.contextLength).toBe(1024),
    );
    await opened(keyed(plain, { [key("attention.sliding_window")]: 0 }), ({ h }) =>
      expect(h.contextLength).toBe(4096),
    );
  });

  test("fewer rows than tokens; rows of no token are not sampled from", async () => {
    const embedding = plain.tensors.find(({ name }) => name === "token_embd.weight")!;
    const rows = embedding.dims[1]!;
    const few = Array.from({ length: rows }, (_, id) => `t${id}`);
    const tokens = (list: readonly string[]): HeaderFile => ({
      ...plain,
      metadata: [
        ...plain.metadata.filter(([key]) => !/ggml\.token(?:s|_type)$/.test(key)),
        ["tokenizer.ggml.tokens", "string", list],
        ["tokenizer.ggml.token_type", "i32", list.map((text) => (text.startsWith("[PAD") ? 5 : 1))],
      ],
    });
    expect(await complaintOf(tokens([...few, "more"]))).toContain(
      `has ${rows + 1} tokens and rows for ${rows}`,
    );
    await opened(tokens(few.slice(0, -2)), ({ h }) => expect(h.vocabulary).toBe(rows - 2));
    const padded = few.map((text, id) => (id > rows - 4 ? `[PAD${id}]` : text));
    await opened(tokens(padded), ({ h }) => expect(h.vocabulary).toBe(rows - 3));
  });
});

describe("types that cannot be computed with", () => {
  const typed = (file: HeaderFile, types: Readonly<Record<string, number>>): HeaderFile => ({
    ...file,
    tensors: file.tensors.map((tensor) => ({
      ...tensor,
      type: types[tensor.name] ?? tensor.type,
    })),
  });

  test("one type of one tensor", async () => {
    expect(await complaintOf(typed(plain, { "blk.1.ffn_down.weight": 40 }))).toBe(
      "toy.gguf has 1 tensor in NVFP4, which cannot be computed with here: get Toy in Q4_K_M.",
    );
  });

  test("several types, one of them nameless yet", async () => {
    const types = { "blk.0.ffn_up.weight": 41, "blk.1.ffn_up.weight": 41, "blk.2.ffn_up.weight": 99 };
    expect(await complaintOf(typed(plain, types))).toBe(
      "toy.gguf has 3 tensors (2 in Q1_0, 1 in type 99), which cannot be computed with here: get Toy in Q4_K_M.",
    );
  });

  test("inspect opens the file nevertheless", async () => {
    await writeHeader(at("toy.gguf"), typed(plain, { "blk.1.ffn_down.weight": 40 }));
    const open = await readModelFile(at("toy.gguf"));
    await using _ = open.file;
    expect(open.refusal?.problem).toMatch(/NVFP4/);
  });

  test("tensors that nothing computes with may have any type and be any number", async () => {
    const extra = added(plain, { name: "rope_freqs.weight", dims: [32], type: 99 });
    await opened(extra, ({ h, notes }) => {
      expect(h.layers).toBe(4);
      expect(notes).toEqual([]);
    });
  });

  test("in the MTP block they cost the drafts, not the model", async () => {
    await opened(typed(withMtp, { "blk.4.ffn_up.weight": 41 }), ({ h, notes }) => {
      expect(h.mtpLayers).toBe(0);
      expect(notes).toEqual([
        "The file's MTP block is ignored: its tensor ffn_up.weight has type Q1_0, which cannot be computed with.",
      ]);
    });
  });
});

describe("a folder", () => {
  test("with one model opens it, with any other files beside it", async () => {
    await writeHeader(at("Toy-Q8_0.gguf"), plain);
    for (const name of ["mmproj-F16.gguf", "Toy.mmproj-Q8_0.gguf", "mtp-Other.gguf", "imatrix.gguf"]) {
      await writeHeader(at(name), { metadata: [], tensors: [] });
    }
    const open = await openModelFile(folder);
    await using file = open.file;
    expect(file.path).toBe(at("Toy-Q8_0.gguf"));
  });

  test("with the parts of one model opens the whole", async () => {
    const split = (no: number, file: HeaderFile): HeaderFile =>
      keyed(file, { "split.no": no, "split.count": 2, "split.tensors.count": plain.tensors.length });
    await writeHeader(at("Toy-00001-of-00002.gguf"), split(0, { ...plain, tensors: [] }));
    await writeHeader(at("Toy-00002-of-00002.gguf"), split(1, { metadata: [], tensors: plain.tensors }));
    const open = await openModelFile(folder);
    await using file = open.file;
    expect(open.h.layers).toBe(4);
    expect(file.tensors.size).toBe(plain.tensors.length);
  });

  test("with several models lists them, a split one once", async () => {
    for (const name of ["B.gguf", "A-00001-of-00002.gguf", "A-00002-of-00002.gguf"]) {
      await writeHeader(at(name), plain);
    }
    expect(await complaint(folder)).toBe(
      `${folder} holds 2 models: name one of A-00001-of-00002.gguf, B.gguf.`,
    );
    for (const letter of "CDEFG") await writeHeader(at(`${letter}.gguf`), plain);
    expect(await complaint(folder)).toMatch(/ holds 7 models: name one of .*, E\.gguf or 2 more\.$/);
  });

  test("without a model says so", async () => {
    await mkdir(at("inner"));
    expect(await complaint(folder)).toBe(
      `${folder} is a directory: name the .gguf file in it, none of which lies at its top.`,
    );
  });
});

test("random bytes in the header never end in anything but a sentence", async () => {
  const seed = 60_611;
  const random = seededRandom(seed);
  const path = at("toy.gguf");
  const end = await opened(withMtp, ({ file }) =>
    Math.min(...[...file.tensors.values()].map((it) => it.offset)),
  );
  const handle = await open(path, "r+");
  try {
    const header = Buffer.alloc(end);
    await handle.read(header, 0, header.length, 0);
    let refused = 0;
    for (let run = 0; run < 400; run++) {
      const damaged = Buffer.from(header);
      for (let i = 0; i < 3; i++) damaged[Math.floor(random() * header.length)] = Math.floor(random() * 256);
      await handle.write(damaged, 0, header.length, 0);
      try {
        await (await openModelFile(path)).file.close();
      } catch (error) {
        expect(error, `seed ${seed}, run ${run}: ${(error as Error).stack}`).toBeInstanceOf(UserError);
        refused++;
      }
    }
    expect(refused, `seed ${seed}: of 400`).toBeGreaterThan(100);
  } finally {
    await handle.close();
  }
});
