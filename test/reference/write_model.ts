import { open } from "node:fs/promises";
import { blockFormat, rowBytes, type TensorType } from "../../engine/gguf/block_formats.ts";
import { charOfByte } from "../../engine/text/alphabet.ts";
import { normal, type Random, seededRandom } from "./random.ts";
import { ggufBytes, type MetadataPair, type TensorSource } from "./write_gguf.ts";

/** Of a synthetic qwen35 model. Every fourth block has full attention; the output head is the embedding table. */
export interface ModelShape {
  readonly embedding: number;
  readonly blocks: number;
  readonly feedForward: number;
  readonly vocabulary: number;
  readonly attention: {
    readonly heads: number;
    readonly kvHeads: number;
    readonly headSize: number;
    readonly rotary: number;
  };
  readonly delta: { readonly keyHeads: number; readonly valueHeads: number; readonly headSize: number };
  readonly mtp: boolean;
}

/** The heads of Qwen3.5's 27B, three V heads for each K head, in a narrow network. */
export const THREE_TO_ONE: ModelShape = {
  embedding: 256,
  blocks: 4,
  feedForward: 512,
  vocabulary: 512,
  attention: { heads: 4, kvHeads: 2, headSize: 256, rotary: 64 },
  delta: { keyHeads: 2, valueHeads: 6, headSize: 128 },
  mtp: true,
};

/** Small but for its table: 140,000 rows, 137 MiB in F32. */
export const LARGE_VOCABULARY: ModelShape = {
  embedding: 256,
  blocks: 4,
  feedForward: 256,
  vocabulary: 140_000,
  attention: { heads: 2, kvHeads: 1, headSize: 64, rotary: 16 },
  delta: { keyHeads: 2, valueHeads: 4, headSize: 64 },
  mtp: false,
};

/** Rows of a matrix repeat after this many, so that a large one is quick to make. A prime: no slab is a multiple of it. */
export const DISTINCT_ROWS = 1009;

/** The types that random matrices can have. */
export type RandomType = Extract<TensorType, "F32" | "F16" | "Q8_0" | "Q4_K" | "Q6_K">;

interface Tensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly type: TensorType;
  /** The first rows; the others repeat them. */
  readonly rows: Uint8Array;
}

/** Writes a model with random weights, the same for the same seed; `typeOf` chooses the type of each matrix. */
export async function writeModel(
  path: string,
  shape: ModelShape,
  typeOf: (name: string) => RandomType,
  seed: number,
): Promise<void> {
  const tensors = randomTensors(shape, typeOf, seededRandom(seed));
  const padded = (bytes: number) => Math.ceil(bytes / 32) * 32;
  let offset = 0;
  const directory = tensors.map(({ name, dims, type }): TensorSource => {
    const line = { name, dims, type, offset, bytes: new Uint8Array() };
    offset += padded(bytesOf(type, dims));
    return line;
  });
  const header = ggufBytes({ metadata: metadataOf(shape), tensors: directory });
  await using file = await open(path, "w");
  await file.write(header);
  for (const [i, { dims, type, rows }] of tensors.entries()) {
    const start = header.length + Number(directory[i]!.offset);
    const size = bytesOf(type, dims);
    for (let done = 0; done < size; done += rows.length) {
      await file.write(rows, 0, Math.min(rows.length, size - done), start + done);
    }
  }
  await file.truncate(header.length + offset);
}

const bytesOf = (type: TensorType, [columns = 1, ...rest]: readonly number[]): number =>
  rowBytes(type, columns) * rest.reduce((product, n) => product * n, 1);

function metadataOf(shape: ModelShape): MetadataPair[] {
  const { attention, delta, mtp } = shape;
  const counts: Record<string, number> = {
    block_count: shape.blocks + Number(mtp),
    context_length: 4096,
    embedding_length: shape.embedding,
    feed_forward_length: shape.feedForward,
    "attention.head_count": attention.heads,
    "attention.head_count_kv": attention.kvHeads,
    "attention.key_length": attention.headSize,
    "attention.value_length": attention.headSize,
    "rope.dimension_count": attention.rotary,
    "ssm.conv_kernel": 4,
    "ssm.state_size": delta.headSize,
    "ssm.group_count": delta.keyHeads,
    "ssm.time_step_rank": delta.valueHeads,
    "ssm.inner_size": delta.valueHeads * delta.headSize,
    full_attention_interval: 4,
    nextn_predict_layers: Number(mtp),
  };
  const tokens = Array.from({ length: shape.vocabulary }, (_, id) =>
    id < 256 ? charOfByte(id) : `<|unused_${id}|>`,
  );
  return [
    ["general.architecture", "string", "qwen35"],
    ...Object.entries(counts).map(([key, n]): MetadataPair => [`qwen35.${key}`, "u32", n]),
    ["qwen35.attention.layer_norm_rms_epsilon", "f32", 1e-6],
    ["qwen35.rope.freq_base", "f32", 1e7],
    ["tokenizer.ggml.model", "string", "gpt2"],
    ["tokenizer.ggml.pre", "string", "qwen35"],
    ["tokenizer.ggml.tokens", "string", tokens],
    ["tokenizer.ggml.token_type", "i32", tokens.map((_, id) => (id < 256 ? 1 : 5))],
    ["tokenizer.ggml.merges", "string", []],
  ];
}

/** Weights in the sizes that trained models have, so that norms, gates and decays work in their usual range. */
function randomTensors(
  { embedding, blocks, feedForward, vocabulary, attention, delta, mtp }: ModelShape,
  typeOf: (name: string) => RandomType,
  random: Random,
): Tensor[] {
  const tensors: Tensor[] = [];
  const vector = (name: string, dims: number[], next: () => number) => {
    const length = dims.reduce((product, n) => product * n, 1);
    const floats = Float32Array.from({ length }, next);
    tensors.push({ name, dims, type: "F32", rows: new Uint8Array(floats.buffer) });
  };
  const norm = (name: string, size: number) => vector(name, [size], () => 1 + 0.2 * normal(random));
  const matrix = (name: string, columns: number, rows: number, gain = 1) => {
    const type = typeOf(name);
    const distinct = Math.min(rows, DISTINCT_ROWS) * (columns / blockFormat(type).elements);
    const bytes = randomWeights(type, distinct, gain / Math.sqrt(columns), random);
    tensors.push({ name, dims: [columns, rows], type, rows: bytes });
  };
  const uniform = (from: number, to: number) => from + (to - from) * random();

  const attentionLayer = (at: string) => {
    const { heads, kvHeads, headSize } = attention;
    matrix(`${at}attn_q.weight`, embedding, 2 * heads * headSize);
    matrix(`${at}attn_k.weight`, embedding, kvHeads * headSize);
    matrix(`${at}attn_v.weight`, embedding, kvHeads * headSize);
    matrix(`${at}attn_output.weight`, heads * headSize, embedding);
    norm(`${at}attn_q_norm.weight`, headSize);
    norm(`${at}attn_k_norm.weight`, headSize);
  };
  const deltaLayer = (at: string) => {
    const { keyHeads, valueHeads, headSize } = delta;
    const channels = (2 * keyHeads + valueHeads) * headSize;
    matrix(`${at}attn_qkv.weight`, embedding, channels);
    matrix(`${at}attn_gate.weight`, embedding, valueHeads * headSize);
    matrix(`${at}ssm_beta.weight`, embedding, valueHeads);
    matrix(`${at}ssm_alpha.weight`, embedding, valueHeads);
    vector(`${at}ssm_conv1d.weight`, [4, channels], () => 0.6 * normal(random));
    // The inverse of softplus for time steps from 0.001 to 0.1.
    vector(`${at}ssm_dt.bias`, [valueHeads], () => Math.log(Math.expm1(10 ** uniform(-3, -1))));
    vector(`${at}ssm_a`, [valueHeads], () => -uniform(0.5, 12));
    norm(`${at}ssm_norm.weight`, headSize);
    matrix(`${at}ssm_out.weight`, valueHeads * headSize, embedding);
  };

  matrix("token_embd.weight", embedding, vocabulary, 4);
  norm("output_norm.weight", embedding);
  for (let i = 0; i < blocks + Number(mtp); i++) {
    const at = `blk.${i}.`;
    norm(`${at}attn_norm.weight`, embedding);
    norm(`${at}post_attention_norm.weight`, embedding);
    if (i >= blocks || (i + 1) % 4 === 0) attentionLayer(at);
    else deltaLayer(at);
    matrix(`${at}ffn_gate.weight`, embedding, feedForward);
    matrix(`${at}ffn_up.weight`, embedding, feedForward);
    matrix(`${at}ffn_down.weight`, feedForward, embedding);
    if (i < blocks) continue;
    matrix(`${at}nextn.eh_proj.weight`, 2 * embedding, embedding);
    for (const name of ["enorm", "hnorm", "shared_head_norm"]) norm(`${at}nextn.${name}.weight`, embedding);
  }
  return tensors;
}

/** `count` blocks of weights with mean 0 and about this deviation: random bits under fixed scales. */
function randomWeights(type: RandomType, count: number, deviation: number, random: Random): Uint8Array {
  const { bytes } = blockFormat(type);
  const words = Uint32Array.from({ length: Math.ceil((count * bytes) / 4) }, () => random() * 2 ** 32);
  const out = new Uint8Array(words.buffer, 0, count * bytes);
  const view = new DataView(words.buffer);
  const widest = deviation * Math.sqrt(3); // half the range of a uniform draw
  for (let at = 0; at < out.length; at += bytes) {
    switch (type) {
      case "F32":
        view.setFloat32(at, widest * (2 * random() - 1), true);
        break;
      case "F16":
        view.setUint16(at, halfBits(widest * (2 * random() - 1)), true);
        break;
      case "Q8_0": // d·q, q of deviation 74
        view.setUint16(at, halfBits(deviation / 74), true);
        break;
      case "Q6_K": // d·scale·q, of deviations 74 and 18.5
        view.setUint16(at + 208, halfBits(deviation / (74 * 18.5)), true);
        break;
      case "Q4_K": // d·scale·q − dmin·min: the mean of q is 7.5, and scale and min are alike
        view.setUint16(at, halfBits(deviation / 259), true);
        view.setUint16(at + 2, halfBits((7.5 * deviation) / 259), true);
    }
  }
  return out;
}

/** The bits of the nearest half of a number between −65504 and 65504. */
function halfBits(value: number): number {
  const size = Math.abs(value);
  const exponent = Math.max(-14, Math.floor(Math.log2(size)));
  // Rounding up to 2048 carries into the exponent, as the format has it.
  const fraction = Math.round(size * 2 ** (10 - exponent));
  const bits = exponent === -14 && fraction < 1024 ? fraction : ((exponent + 14) << 10) + fraction;
  return (value < 0 ? 0x8000 : 0) | bits;
}
