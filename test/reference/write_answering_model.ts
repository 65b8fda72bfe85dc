import { writeFile } from "node:fs/promises";
import { TOKEN_TYPE, type VocabularySource } from "../../engine/text/index.ts";
import { seededRandom } from "./random.ts";
import { ggufBytes, type MetadataPair, type TensorSource } from "./write_gguf.ts";

// A `qwen2` network that writes what its prompt tells it to, one token a step, whatever the draft: a prompt ends with the answer,
// spelled in shadows of its tokens. The one block attends to the position that is `slots - 1` back, and the head names the token of
// which the shadow there is. So any answer can be had from a real network of attention, biases and rotation, and n-grams and
// cursors cannot copy it from the prompt, where its tokens are others.

const embedding = 256;
const heads = 4;
const headSize = embedding / heads;
const codeSize = headSize;
const ropeBase = 1e6;
const sharpness = 300; // of the peak of attention: the next position has e^-30 of it

/**
 * A vocabulary of `size` tokens, the first of `source` and its special ones, and then a shadow of each: a control token of which the id
 * is that of the token and `size`.
 */
export function shadowVocabulary(
  source: VocabularySource,
  special: readonly string[],
  size: number,
): VocabularySource {
  const tokens = [...source.tokens.slice(0, size - special.length), ...special];
  const known = new Set(tokens);
  return {
    pre: source.pre,
    tokens: [...tokens, ...tokens.map((_, id) => shadowText(id))],
    types: tokens
      .flatMap((_, id) => (id < size - special.length ? [source.types[id]!] : []))
      .concat(new Array<number>(special.length + size).fill(TOKEN_TYPE.control)),
    merges: source.merges.filter((merge) => known.has(merge.replace(" ", ""))),
    endIds: [],
    fimIds: {},
  };
}

export const shadowText = (id: number): string => `<|shadow of ${id}|>`;

/** What a prompt must end with, so that `ids` follow, and then `end`; what is after that is never asked for. */
export function shadowsOf(ids: readonly number[], end: number, slots: number): number[] {
  if (ids.length >= slots)
    throw new Error(`an answer has ${slots - 1} tokens at most, and not ${ids.length}`);
  return [...ids, end, ...Array.from({ length: slots - ids.length - 1 }, (_, i) => i)];
}

/**
 * @param vocabulary ids that are no shadows
 * @param slots shadows at the end of each prompt
 */
export async function writeAnsweringModel(path: string, vocabulary: number, slots: number): Promise<void> {
  const random = seededRandom(19);
  const codes = Array.from({ length: vocabulary }, () =>
    Array.from({ length: codeSize }, () => (random() < 0.5 ? -1 : 1)),
  );
  /** [columns, rows], the rows one after the other. */
  const matrix = (
    name: string,
    columns: number,
    rows: number,
    cell?: (row: number, column: number) => number,
  ): TensorSource => {
    const floats = new Float32Array(columns * rows);
    if (cell)
      for (let row = 0; row < rows; row++)
        for (let column = 0; column < columns; column++) floats[row * columns + column] = cell(row, column);
    return { name, dims: [columns, rows], type: "F32", bytes: new Uint8Array(floats.buffer) };
  };
  const vector = (name: string, values: readonly number[]): TensorSource => ({
    name,
    dims: [values.length],
    type: "F32",
    bytes: new Uint8Array(Float32Array.from(values).buffer),
  });
  const ones = new Array<number>(embedding).fill(1);
  // Angles of q and k differ by what the rotation adds over the distance: their product is largest there.
  const half = headSize / 2;
  const angle = (pair: number) => -(slots - 1) * ropeBase ** (-pair / half);
  const q = Array.from({ length: headSize }, (_, i) =>
    i < half ? sharpness * Math.cos(angle(i)) : sharpness * Math.sin(angle(i - half)),
  );
  const k = Array.from({ length: headSize }, (_, i) => (i < half ? 1 : 0));
  const same = (row: number, column: number) => (row === column ? 1 : 0);
  const at = "blk.0.";
  const tensors = [
    // A shadow has its token's code in the first columns, where values come from; any other token in the last.
    matrix("token_embd.weight", embedding, 2 * vocabulary, (id, column) =>
      id >= vocabulary
        ? (codes[id - vocabulary]![column] ?? 0)
        : (codes[id]![column - (embedding - codeSize)] ?? 0),
    ),
    vector(`${at}attn_norm.weight`, ones),
    matrix(`${at}attn_q.weight`, embedding, embedding),
    matrix(`${at}attn_k.weight`, embedding, headSize),
    matrix(`${at}attn_v.weight`, embedding, headSize, same),
    vector(
      `${at}attn_q.bias`,
      Array.from({ length: embedding }, (_, i) => q[i % headSize]!),
    ),
    vector(`${at}attn_k.bias`, k),
    vector(`${at}attn_v.bias`, new Array<number>(headSize).fill(0)),
    // The first head's rows go to the second part of the hidden row, which nothing else writes.
    matrix(`${at}attn_output.weight`, embedding, embedding, (row, column) =>
      column < codeSize && row === codeSize + column ? 1 : 0,
    ),
    vector(`${at}ffn_norm.weight`, ones),
    matrix(`${at}ffn_gate.weight`, embedding, embedding),
    matrix(`${at}ffn_up.weight`, embedding, embedding),
    matrix(`${at}ffn_down.weight`, embedding, embedding),
    vector("output_norm.weight", ones),
    matrix("output.weight", embedding, 2 * vocabulary, (id, column) =>
      id < vocabulary ? (codes[id]![column - codeSize] ?? 0) : 0,
    ),
  ];
  const counts: readonly (readonly [string, number])[] = [
    ["block_count", 1],
    ["context_length", 4096],
    ["embedding_length", embedding],
    ["feed_forward_length", embedding],
    ["attention.head_count", heads],
    ["attention.head_count_kv", 1],
  ];
  const metadata: MetadataPair[] = [
    ["general.architecture", "string", "qwen2"],
    ...counts.map(([key, value]): MetadataPair => [`qwen2.${key}`, "u32", value]),
    ["qwen2.attention.layer_norm_rms_epsilon", "f32", 1e-6],
    ["qwen2.rope.freq_base", "f32", ropeBase],
  ];
  await writeFile(path, ggufBytes({ metadata, tensors }));
}
