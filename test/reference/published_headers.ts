import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { TensorType } from "../../engine/gguf/block_formats.ts";
import { projectRoot } from "../../engine/model_file/index.ts";
import { charOfByte } from "../../engine/text/alphabet.ts";
import type { MetadataPair, Scalar } from "./write_gguf.ts";
import type { HeaderFile, HeaderTensor } from "./write_header.ts";

const fixture = join(projectRoot(), "test/fixtures/headers/published.txt");

/**
 * Headers of published files by name, in the order of `test/fixtures/headers/published.txt`. A line is one of
 *
 *     = NAME                                the next file's
 *     KEY TYPE JSON                         a metadata value, or an array of that type
 *     KEY f32 zeros COUNT                   an array of zeros
 *     KEY template N                        the text of the line `template N JSON`
 *     tokens COUNT FIRST TEXT…              special tokens from id FIRST on, `*` before those that a user defined; then padding
 *     - NAME TYPE ROWxCOLUMNS… [BLOCKS]     a tensor, or one in each of the blocks, as `0-2,4` or `3-39/4`
 */
export function publishedHeaders(): ReadonlyMap<string, HeaderFile> {
  const templates = new Map<string, string>();
  const files = new Map<string, HeaderFile>();
  const vocabularies = new Map<string, MetadataPair[]>(); // of hundreds of thousands of tokens, and most files share one
  let metadata: MetadataPair[] = [];
  let tensors: HeaderTensor[] = [];
  for (const line of readFileSync(fixture, "utf8").split("\n")) {
    const [first = "", second = "", third = "", ...rest] = line.split(" ");
    if (first === "" || first === "#") continue;
    if (first === "template") templates.set(second, JSON.parse([third, ...rest].join(" ")));
    else if (first === "=") {
      [metadata, tensors] = [[], []];
      files.set(second, { metadata, tensors });
    } else if (first === "tokens") {
      const known = vocabularies.get(line) ?? vocabularyOf(Number(second), Number(third), rest);
      vocabularies.set(line, known);
      metadata.push(...known);
    } else if (first === "-") tensors.push(...tensorsOf(second, third as TensorType, rest[0]!, rest[1]));
    else metadata.push(pairOf(first, second, [third, ...rest].join(" "), templates));
  }
  return files;
}

function pairOf(key: string, type: string, text: string, templates: Map<string, string>): MetadataPair {
  if (type === "template") return [key, "string", templates.get(text)!];
  const count = /^zeros (\d+)$/.exec(text)?.[1];
  const value = count === undefined ? JSON.parse(text) : new Array<number>(Number(count)).fill(0);
  return [key, type as MetadataPair[1], value as Scalar | Scalar[]];
}

/** Ordinary tokens are the bytes and made-up texts; no merge joins them. */
function vocabularyOf(count: number, first: number, special: readonly string[]): MetadataPair[] {
  const texts = Array.from({ length: count }, (_, id) => {
    if (id < first) return id < 256 ? charOfByte(id) : `token${id}`;
    return special[id - first]?.replace(/^\*/, "") ?? `[PAD${id}]`;
  });
  const types = texts.map((_, id) => {
    if (id < first) return 1;
    return special[id - first] === undefined ? 5 : special[id - first]!.startsWith("*") ? 4 : 3;
  });
  return [
    ["tokenizer.ggml.tokens", "string", texts],
    ["tokenizer.ggml.token_type", "i32", types],
    ["tokenizer.ggml.merges", "string", []],
  ];
}

function tensorsOf(name: string, type: TensorType, shape: string, blocks?: string): HeaderTensor[] {
  const dims = shape.split("x").map(Number);
  if (blocks === undefined) return [{ name, dims, type }];
  return blocks.split(",").flatMap((range) => {
    const [, from, to = from, step = "1"] = /^(\d+)(?:-(\d+))?(?:\/(\d+))?$/.exec(range)!;
    const count = (Number(to) - Number(from)) / Number(step) + 1;
    return Array.from({ length: count }, (_, i) => ({
      name: `blk.${Number(from) + i * Number(step)}.${name}`,
      dims,
      type,
    }));
  });
}
