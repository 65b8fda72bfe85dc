import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative, sep } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { sentenceOf, UserError } from "../../../engine/errors/index.ts";
import {
  blockFormat,
  type GgufFile,
  type MetadataValue,
  type TensorType,
} from "../../../engine/gguf/index.ts";
import { placeTensors } from "../../../engine/gguf/tensor_directory.ts";
import { readModelFile } from "../../../engine/model_file/index.ts";
import { publishedHeaders } from "../../reference/published_headers.ts";
import type { Scalar } from "../../reference/write_gguf.ts";
import { bytesOf } from "../../reference/write_header.ts";

// Files of up to 240 GB, whose weights nothing reads: on the disk are their names alone.
vi.mock("../../../engine/gguf/open.ts", () => ({ openGguf: (path: string) => headerOf(path) }));

const headers = publishedHeaders();
let folder: string;

async function headerOf(path: string): Promise<GgufFile> {
  const { metadata, tensors } = headers.get(relative(folder, path).split(sep).join("/"))!;
  let size = 0;
  const directory = tensors.map((tensor) => {
    const offset = size;
    size += Math.ceil(bytesOf(tensor) / 32) * 32;
    return { ...tensor, typeId: blockFormat(tensor.type as TensorType).id, offset };
  });
  const close = async () => {};
  return {
    path,
    size,
    version: 3,
    metadata: new Map(metadata.map(([key, type, value]) => [key, metadataValue(type, value)])),
    tensors: placeTensors(path, size, 0, 32, directory),
    read: async (_, target) => void target.fill(0),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** As the header's reader gives it. */
function metadataValue(type: string, value: Scalar | readonly Scalar[]): MetadataValue {
  if (!Array.isArray(value) || type === "string") return value as MetadataValue;
  const ofNumbers = { i32: Int32Array, u32: Uint32Array, f32: Float32Array }[type];
  if (!ofNumbers) throw new Error(`The fixture has an array of ${type}`);
  return ofNumbers.from(value as number[]);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "headers-"));
  for (const name of headers.keys()) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), "");
  }
});
afterAll(() => rm(folder, { recursive: true }));

/** What each file is: its layers and what it can do, with the notes on it, or the sentence that it is refused with. */
const outcomes: readonly (readonly [name: string, outcome: string])[] = [
  ["Qwen3.5-0.8B-UD-Q4_K_XL.gguf", "opens: 24 layers, completes, chats, MTP"],
  ["Qwen3.5-0.8B-Q4_K_M-nomtp.gguf", "opens: 24 layers, completes, chats"],
  ["Qwen3.5-4B-UD-Q4_K_XL.gguf", "opens: 32 layers, completes, chats, MTP"],
  ["Qwen3.5-9B-Q4_K_M-lmstudio.gguf", "opens: 32 layers, completes, chats"],
  ["Qwen3.5-27B-Q4_K_M.gguf", "opens: 64 layers, completes, chats"],
  ["Qwen3.6-27B-UD-Q4_K_XL.gguf", "opens: 64 layers, completes, chats, MTP"],
  ["Qwen3.8-27B-UD-Q4_K_XL.gguf", "opens: 64 layers, completes, chats, MTP"],
  ["Qwen3.5-35B-A3B-UD-Q4_K_XL.gguf", "opens: 40 layers, completes, chats"],
  ["Qwen3.6-35B-A3B-UD-Q4_K_XL-MTP.gguf", "opens: 40 layers, completes, chats, MTP"],
  ["Qwen3.6-35B-A3B-Q4_K_M-fused.gguf", "opens: 40 layers, completes, chats, MTP"],
  ["Qwen3.6-35B-A3B-Q4_K_M-fuseqkv.gguf", "opens: 40 layers, completes, chats"],
  ["Qwen3.5-122B-A10B-Q4_K_M.gguf", "opens: 48 layers, completes, chats"],
  ["Qwen3.5-397B-A17B-Q4_K_M.gguf", "opens: 60 layers, completes, chats"],
  ["qwen2.5-coder-0.5b-q8_0.gguf", "opens: 24 layers, completes"],
  ["qwen2.5-coder-1.5b-instruct-q4_k_m.gguf", "opens: 28 layers, completes, chats"],
  ["Qwen2.5-Coder-7B-Instruct-Q4_K_M.gguf", "opens: 28 layers, completes, chats"],
  ["Qwen2.5-Coder-7B-Instruct-128K-Q4_K_M.gguf", "opens: 28 layers, completes, chats"],
  ["Qwen2.5-Coder-32B-Instruct-Q4_K_M.gguf", "opens: 64 layers, completes, chats"],
  ["Qwen3-0.6B-Q8_0.gguf", "opens: 28 layers, completes, chats"],
  ["Qwen3-4B-Q4_K_M.gguf", "opens: 36 layers, completes, chats"],
  ["Qwen3-8B-128K-UD-Q4_K_XL.gguf", "opens: 36 layers, completes, chats"],
  ["Qwen3-32B-Q4_K_M.gguf", "opens: 64 layers, completes, chats"],
  ["Qwen3-Coder-30B-A3B-Instruct-Q4_K_M.gguf", "opens: 48 layers, completes, chats"],
  [
    "ollama-qwen3.5-0.8b",
    "opens: 24 layers, completes, chats, MTP. The file also holds a vision encoder (26 tensors), which is not loaded. The file has an MTP block that its metadata does not name.",
  ],
  [
    "side/mtp-Qwen3.6-35B-A3B-Q4_0.gguf",
    "side/mtp-Qwen3.6-35B-A3B-Q4_0.gguf holds only the MTP block of a model: name the model itself, and keep this file beside it.",
  ],
  [
    "side/Qwen3.6-35B-A3B-Q4_K_M.gguf",
    "opens: 40 layers, completes, chats, MTP. The MTP block is that of mtp-Qwen3.6-35B-A3B-Q4_0.gguf.",
  ],
  ["Qwen3-Coder-Next-Q4_K_M.gguf", "opens: 48 layers, completes, chats"],
  ["other/zeta-2.1-Q4_K_M.gguf", "opens: 2 layers, completes, chats"],
  ["other/mellum-4b-base.gguf", "opens: 2 layers, completes, chats"],
  ["other/Mellum2-12B.gguf", 'other/Mellum2-12B.gguf is a "mellum" model'],
  ["other/starcoder2-7b.gguf", 'other/starcoder2-7b.gguf is a "starcoder2" model'],
  ["other/deepseek-coder-6.7b.gguf", "opens: 2 layers, completes, chats"],
  [
    "other/codestral-22b.gguf",
    "codestral-22b.gguf has no metadata key tokenizer.ggml.scores: choose another file of this model.",
  ],
  ["other/granite-3b-code.gguf", "opens: 2 layers, completes, chats"],
  ["other/granite-4.0-h-tiny.gguf", 'other/granite-4.0-h-tiny.gguf is a "granitehybrid" model'],
  ["other/Qwen3.8-Flash-Next.gguf", 'other/Qwen3.8-Flash-Next.gguf is a "qwen4exp" model'],
  ["other/gemma-4.gguf", 'other/gemma-4.gguf is a "gemma4" model'],
  [
    "other/dflash-Qwen3.6-35B-A3B-Q8_0.gguf",
    "dflash-Qwen3.6-35B-A3B-Q8_0.gguf is a drafter (dflash), which proposes tokens to another model: name the model itself, which drafts without it.",
  ],
  ["other/qwen2moe.gguf", 'other/qwen2moe.gguf is a "qwen2moe" model'],
  ["other/Qwen3-VL-8B.gguf", 'other/Qwen3-VL-8B.gguf is a "qwen3vl" model'],
  ["other/gpt-oss-20b.gguf", 'other/gpt-oss-20b.gguf is a "gpt-oss" model'],
  ["other/codegemma.gguf", 'other/codegemma.gguf is a "gemma" model'],
];

test("the table has every header, and no other", () => {
  expect(outcomes.map(([name]) => name)).toEqual([...headers.keys()]);
});

test.each(outcomes)("%s", async (name, expected) => {
  expect(await outcomeOf(name)).toBe(expected);
});

async function outcomeOf(name: string): Promise<string> {
  const path = join(folder, name);
  try {
    const { file, h, tokenizer, notes, refusal } = await readModelFile(path);
    await file.close();
    if (refusal) return sentenceOf(refusal);
    const can = [tokenizer.fim && "completes", tokenizer.chatTemplate && "chats", h.mtpLayers > 0 && "MTP"];
    const opens = [`opens: ${h.layers} layers`, ...can.filter(Boolean)].join(", ");
    return notes.length === 0 ? opens : `${opens}. ${notes.join(" ")}`;
  } catch (error) {
    if (error instanceof UserError)
      return error.message.replace(path, name).replace(/, and this version runs .*/, ""); // as it is today
    throw error;
  }
}
