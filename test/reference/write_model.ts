import { open } from "node:fs/promises";
import { blockFormat, rowBytes, type TensorType } from "../../engine/gguf/block_formats.ts";
import { charOfByte } from "../../engine/text/alphabet.ts";
import { dequantize } from "./dequantize.ts";
import { normal, type Random, seededRandom } from "./random.ts";
import { ggufBytes, type MetadataPair, type TensorSource } from "./write_gguf.ts";

/** Of a synthetic model. Delta nets but for every fourth block, which has full attention; without `delta` all have. */
export interface ModelShape {
  readonly architecture:
    | "qwen35"
    | "qwen35moe"
    | "qwen3next"
    | "qwen2"
    | "qwen3"
    | "qwen3moe"
    | "llama"
    | "granite";
  readonly embedding: number;
  readonly blocks: number;
  /** Of the dense network, or of the expert that all rows share. */
  readonly feedForward: number;
  readonly experts?: { readonly count: number; readonly used: number; readonly feedForward: number };
  readonly vocabulary: number;
  /** Tokens that merges make, each of two tokens before it, and then those to fill in the middle. Default: none of both. */
  readonly merges?: number;
  readonly attention: {
    readonly heads: number;
    readonly kvHeads: number;
    readonly headSize: number;
    readonly rotary: number;
  };
  readonly delta?: { readonly keyHeads: number; readonly valueHeads: number; readonly headSize: number };
  readonly mtp?: boolean;
  /** Whether the output head is a matrix of its own, and not the embedding table. */
  readonly untied?: boolean;
  /** Whether the file has factors of the angles, as Llama 3.1's have. */
  readonly ropeFactors?: boolean;
  /** Whether q, k and v are one tensor, in `qwen3next` those of a delta net with z, key head by key head. */
  readonly fused?: boolean;
  /** Further keys of the architecture. */
  readonly keys?: readonly MetadataPair[];
}

/** The heads of Qwen3.5's 27B, three V heads for each K head, in a narrow network; MIXTURE's attention, compiled once for both. */
export const THREE_TO_ONE: ModelShape = {
  architecture: "qwen35",
  embedding: 256,
  blocks: 4,
  feedForward: 512,
  vocabulary: 512,
  attention: { heads: 4, kvHeads: 1, headSize: 256, rotary: 64 },
  delta: { keyHeads: 2, valueHeads: 6, headSize: 128 },
  mtp: true,
};

/** The heads of Qwen3.5's 35B-A3B, two V heads for each K head, and a mixture of experts in each block. */
export const MIXTURE: ModelShape = {
  architecture: "qwen35moe",
  embedding: 256,
  blocks: 4,
  feedForward: 256,
  experts: { count: 24, used: 4, feedForward: 256 },
  vocabulary: 512,
  attention: { heads: 4, kvHeads: 1, headSize: 256, rotary: 64 },
  delta: { keyHeads: 2, valueHeads: 4, headSize: 128 },
  mtp: true,
  untied: true,
};

/** The heads of Qwen3-Next's 80B-A3B, two V heads side by side for each K head, and as many of its experts used. */
export const NEXT: ModelShape = {
  ...MIXTURE,
  architecture: "qwen3next",
  experts: { count: 32, used: 10, feedForward: 256 },
};

/** As in its first files: q, k, v and z of delta nets in one tensor. Three V heads for each K head, small heads. */
export const NEXT_JOINED: ModelShape = {
  ...NEXT,
  experts: { count: 12, used: 3, feedForward: 256 },
  attention: { heads: 4, kvHeads: 2, headSize: 64, rotary: 16 },
  delta: { keyHeads: 4, valueHeads: 12, headSize: 64 },
  mtp: false,
  fused: true,
};

/** As Qwen2.5-Coder's 0.5B: seven query heads for a KV head, and rows that no K-quant fits. */
export const QWEN2: ModelShape = {
  architecture: "qwen2",
  embedding: 448,
  blocks: 3,
  feedForward: 512,
  vocabulary: 512,
  attention: { heads: 7, kvHeads: 1, headSize: 64, rotary: 64 },
};

/** Heads that together are wider than the network, as in Qwen3's 0.6B and 4B. */
export const QWEN3: ModelShape = {
  architecture: "qwen3",
  embedding: 256,
  blocks: 3,
  feedForward: 512,
  vocabulary: 512,
  attention: { heads: 4, kvHeads: 2, headSize: 128, rotary: 128 },
};

/** Its context stretched by four, as in files that are made for 128k positions. */
export const QWEN2_STRETCHED: ModelShape = {
  ...QWEN2,
  keys: [
    ["qwen2.rope.scaling.type", "string", "yarn"],
    ["qwen2.rope.scaling.factor", "f32", 4],
    ["qwen2.rope.scaling.original_context_length", "u32", 1024],
  ],
};

/** As SmolLM2's 135M, three query heads for a KV head, with the factors of Llama 3.1, and q, k and v in one tensor. */
export const LLAMA: ModelShape = {
  architecture: "llama",
  embedding: 192,
  blocks: 2,
  feedForward: 256,
  vocabulary: 512,
  attention: { heads: 6, kvHeads: 2, headSize: 32, rotary: 32 },
  ropeFactors: true,
  fused: true,
};

/** As Mixtral, whose experts' width is the key of a dense network. */
export const LLAMA_MIXTURE: ModelShape = {
  architecture: "llama",
  embedding: 256,
  blocks: 2,
  feedForward: 0,
  vocabulary: 512,
  attention: { heads: 4, kvHeads: 2, headSize: 64, rotary: 64 },
  experts: { count: 8, used: 2, feedForward: 256 },
  untied: true,
};

/** As Granite's 3B: heads of 80, and a factor on each sum. */
export const GRANITE: ModelShape = {
  architecture: "granite",
  embedding: 320,
  blocks: 2,
  feedForward: 256,
  vocabulary: 512,
  attention: { heads: 4, kvHeads: 2, headSize: 80, rotary: 80 },
  untied: true,
  keys: [
    ["granite.embedding_scale", "f32", 12],
    ["granite.residual_scale", "f32", 0.22],
    ["granite.attention.scale", "f32", 0.015625],
    ["granite.logit_scale", "f32", 8],
  ],
};

/** As Qwen3-Coder's 30B-A3B: no expert is shared. */
export const QWEN3_MIXTURE: ModelShape = {
  ...QWEN3,
  architecture: "qwen3moe",
  feedForward: 0,
  experts: { count: 16, used: 4, feedForward: 256 },
  untied: true,
};

/** Small but for its table: 140,000 rows, 137 MiB in F32. */
export const LARGE_VOCABULARY: ModelShape = {
  architecture: "qwen35",
  embedding: 256,
  blocks: 4,
  feedForward: 256,
  vocabulary: 140_000,
  attention: { heads: 2, kvHeads: 1, headSize: 64, rotary: 16 },
  delta: { keyHeads: 2, valueHeads: 4, headSize: 64 },
};

/** Qwen3.5's 0.8B (NETWORK.md 1.4). */
export const QWEN35_0_8B: ModelShape = {
  architecture: "qwen35",
  embedding: 1024,
  blocks: 24,
  feedForward: 3584,
  vocabulary: 248_320,
  attention: { heads: 8, kvHeads: 2, headSize: 256, rotary: 64 },
  delta: { keyHeads: 16, valueHeads: 16, headSize: 128 },
  mtp: true,
};

/** Four of the forty blocks of Qwen3.5's 35B-A3B, with a short table: a stack of its experts exceeds a small device's binding. */
export const QWEN35_35B_BLOCKS: ModelShape = {
  architecture: "qwen35moe",
  embedding: 2048,
  blocks: 4,
  feedForward: 512,
  experts: { count: 256, used: 8, feedForward: 512 },
  vocabulary: 4096,
  attention: { heads: 16, kvHeads: 2, headSize: 256, rotary: 64 },
  delta: { keyHeads: 16, valueHeads: 32, headSize: 128 },
};

/** Rows of a matrix repeat after this many, so that a large one is quick to make. A prime: no slab is a multiple of it. */
export const DISTINCT_ROWS = 1009;

/** The types that random matrices can have. */
export type RandomType = Extract<TensorType, "F32" | "F16" | "BF16" | "Q8_0" | "Q4_K" | "Q6_K">;

interface Tensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly type: TensorType;
  /** The first rows; the others repeat them. */
  readonly rows: Uint8Array;
}

/**
 * Writes a model with random weights, the same for the same seed; `typeOf` chooses the type of each matrix.
 * `expanded`: the same weights, all in F32, as other engines need them who round activations to a quantised weight's type.
 */
export async function writeModel(
  path: string,
  shape: ModelShape,
  typeOf: (name: string) => RandomType,
  seed: number,
  { expanded = false, distinctRows = DISTINCT_ROWS } = {},
): Promise<void> {
  const random = randomTensors(shape, typeOf, seededRandom(seed), distinctRows);
  const tensors = expanded ? random.map(inF32) : random;
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

function inF32({ type, rows, ...rest }: Tensor): Tensor {
  const floats = Float32Array.from(dequantize(type, rows));
  return { ...rest, type: "F32", rows: new Uint8Array(floats.buffer) };
}

const bytesOf = (type: TensorType, [columns = 1, ...rest]: readonly number[]): number =>
  rowBytes(type, columns) * rest.reduce((product, n) => product * n, 1);

function metadataOf(shape: ModelShape): MetadataPair[] {
  const { architecture, attention, delta, mtp = false, experts } = shape;
  const isQwen35 = architecture.startsWith("qwen35");
  const counts: Record<string, number> = {
    block_count: shape.blocks + Number(mtp),
    context_length: 4096,
    embedding_length: shape.embedding,
    feed_forward_length: architecture === "llama" && experts ? experts.feedForward : shape.feedForward,
    "attention.head_count": attention.heads,
    "attention.head_count_kv": attention.kvHeads,
  };
  // Qwen2.5's files leave these to be computed.
  if (architecture !== "qwen2") {
    counts["attention.key_length"] = attention.headSize;
    counts["attention.value_length"] = attention.headSize;
    counts["rope.dimension_count"] = attention.rotary;
  }
  if (delta) {
    counts["ssm.conv_kernel"] = 4;
    counts["ssm.state_size"] = delta.headSize;
    counts["ssm.group_count"] = delta.keyHeads;
    counts["ssm.time_step_rank"] = delta.valueHeads;
    counts["ssm.inner_size"] = delta.valueHeads * delta.headSize;
    counts.full_attention_interval = 4;
    counts.nextn_predict_layers = Number(mtp);
  }
  if (experts) {
    counts.expert_count = experts.count;
    counts.expert_used_count = experts.used;
    counts.expert_feed_forward_length = experts.feedForward;
    if (shape.feedForward > 0) counts.expert_shared_feed_forward_length = shape.feedForward;
  }
  const { texts, merges } = mergedTokens(shape.merges ?? 0);
  const tokens = Array.from({ length: shape.vocabulary }, (_, id) => texts[id] ?? `<|unused_${id}|>`);
  return [
    ["general.architecture", "string", architecture],
    ...Object.entries(counts).map(([key, n]): MetadataPair => [`${architecture}.${key}`, "u32", n]),
    [`${architecture}.attention.layer_norm_rms_epsilon`, "f32", 1e-6],
    [`${architecture}.rope.freq_base`, "f32", delta ? 1e7 : 1e6],
    ...(isQwen35
      ? [[`${architecture}.rope.dimension_sections`, "i32", [11, 11, 10, 0]] as MetadataPair]
      : []),
    ...(shape.keys ?? []),
    ["tokenizer.ggml.model", "string", "gpt2"],
    ["tokenizer.ggml.pre", "string", isQwen35 ? "qwen35" : "qwen2"],
    ["tokenizer.ggml.tokens", "string", tokens],
    [
      "tokenizer.ggml.token_type",
      "i32",
      tokens.map((_, id) => (id < 256 + merges.length ? 1 : id < texts.length ? 3 : 5)),
    ],
    ["tokenizer.ggml.merges", "string", merges],
  ];
}

/** The bytes, then as many tokens as merges make, of up to 14 characters: early ones go on to merge more often, as in trained vocabularies. */
function mergedTokens(count: number): {
  readonly texts: readonly string[];
  readonly merges: readonly string[];
} {
  const random = seededRandom(248_320);
  const texts = Array.from({ length: 256 }, (_, byte) => charOfByte(byte));
  const known = new Set(texts);
  const merges: string[] = [];
  const early = (most: number) => texts[Math.floor(random() ** 2 * Math.min(texts.length, most))]!;
  while (merges.length < count) {
    const [left, right] = [early(60_000), early(20_000)];
    const text = left + right;
    if (text.length > 14 || known.has(text)) continue;
    known.add(text);
    texts.push(text);
    merges.push(`${left} ${right}`);
  }
  if (count > 0) texts.push("<|endoftext|>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>");
  return { texts, merges };
}

/** Weights in the sizes that trained models have, so that norms, gates and decays work in their usual range. */
function randomTensors(
  shape: ModelShape,
  typeOf: (name: string) => RandomType,
  random: Random,
  distinctRows: number,
): Tensor[] {
  const { architecture, embedding, blocks, feedForward, vocabulary, attention, delta, experts } = shape;
  const mtp = Number(shape.mtp ?? false);
  const isLlama = architecture === "llama" || architecture === "granite";
  const tensors: Tensor[] = [];
  const vector = (name: string, dims: number[], next: () => number) => {
    const length = dims.reduce((product, n) => product * n, 1);
    const floats = Float32Array.from({ length }, next);
    tensors.push({ name, dims, type: "F32", rows: new Uint8Array(floats.buffer) });
  };
  const norm = (name: string, size: number) => vector(name, [size], () => 1 + 0.2 * normal(random));
  const matrix = (name: string, columns: number, rows: number, gain = 1, stack: number[] = []) => {
    const type = typeOf(name);
    const all = stack.reduce((product, n) => product * n, rows);
    const distinct = Math.min(all, distinctRows) * (columns / blockFormat(type).elements);
    const bytes = randomWeights(type, distinct, gain / Math.sqrt(columns), random);
    tensors.push({ name, dims: [columns, rows, ...stack], type, rows: bytes });
  };
  const uniform = (from: number, to: number) => from + (to - from) * random();

  const attentionLayer = (at: string) => {
    const { heads, kvHeads, headSize } = attention;
    if (shape.fused && !delta) matrix(`${at}attn_qkv.weight`, embedding, (heads + 2 * kvHeads) * headSize);
    else {
      matrix(`${at}attn_q.weight`, embedding, (delta ? 2 : 1) * heads * headSize);
      matrix(`${at}attn_k.weight`, embedding, kvHeads * headSize);
      matrix(`${at}attn_v.weight`, embedding, kvHeads * headSize);
    }
    matrix(`${at}attn_output.weight`, heads * headSize, embedding);
    if (architecture === "qwen2") {
      vector(`${at}attn_q.bias`, [heads * headSize], () => normal(random));
      vector(`${at}attn_k.bias`, [kvHeads * headSize], () => normal(random));
      vector(`${at}attn_v.bias`, [kvHeads * headSize], () => normal(random));
    } else if (!isLlama) {
      norm(`${at}attn_q_norm.weight`, headSize);
      norm(`${at}attn_k_norm.weight`, headSize);
    }
  };
  const deltaLayer = (at: string, { keyHeads, valueHeads, headSize }: NonNullable<typeof delta>) => {
    const channels = (2 * keyHeads + valueHeads) * headSize;
    const isNext = architecture === "qwen3next";
    if (isNext && shape.fused) matrix(`${at}ssm_in.weight`, embedding, channels + valueHeads * headSize);
    else {
      matrix(`${at}attn_qkv.weight`, embedding, channels);
      matrix(`${at}attn_gate.weight`, embedding, valueHeads * headSize);
    }
    if (isNext) matrix(`${at}ssm_ba.weight`, embedding, 2 * valueHeads);
    else {
      matrix(`${at}ssm_beta.weight`, embedding, valueHeads);
      matrix(`${at}ssm_alpha.weight`, embedding, valueHeads);
    }
    vector(`${at}ssm_conv1d.weight`, [4, channels], () => 0.6 * normal(random));
    // The inverse of softplus for time steps from 0.001 to 0.1.
    vector(`${at}ssm_dt.bias`, [valueHeads], () => Math.log(Math.expm1(10 ** uniform(-3, -1))));
    vector(`${at}ssm_a`, [valueHeads], () => -uniform(0.5, 12));
    norm(`${at}ssm_norm.weight`, headSize);
    matrix(`${at}ssm_out.weight`, valueHeads * headSize, embedding);
  };
  const feedForwardLayer = (at: string, suffix: string, width: number, stack: number[] = []) => {
    matrix(`${at}ffn_gate${suffix}.weight`, embedding, width, 1, stack);
    matrix(`${at}ffn_up${suffix}.weight`, embedding, width, 1, stack);
    matrix(`${at}ffn_down${suffix}.weight`, width, embedding, 1, stack);
  };

  matrix("token_embd.weight", embedding, vocabulary, 4);
  norm("output_norm.weight", embedding);
  if (shape.untied) matrix("output.weight", embedding, vocabulary, 3);
  if (shape.ropeFactors) vector("rope_freqs.weight", [attention.rotary / 2], () => uniform(1, 8));
  for (let i = 0; i < blocks + mtp; i++) {
    const at = `blk.${i}.`;
    norm(`${at}attn_norm.weight`, embedding);
    norm(`${at}${delta ? "post_attention_norm" : "ffn_norm"}.weight`, embedding);
    if (!delta || i >= blocks || (i + 1) % 4 === 0) attentionLayer(at);
    else deltaLayer(at, delta);
    if (experts) {
      matrix(`${at}ffn_gate_inp.weight`, embedding, experts.count, 2);
      feedForwardLayer(at, "_exps", experts.feedForward, [experts.count]);
      if (feedForward > 0) {
        const type = typeOf(`${at}ffn_gate_inp_shexp.weight`);
        const blocksOf = embedding / blockFormat(type).elements;
        const rows = randomWeights(type, blocksOf, 1 / Math.sqrt(embedding), random);
        tensors.push({ name: `${at}ffn_gate_inp_shexp.weight`, dims: [embedding], type, rows });
        feedForwardLayer(at, "_shexp", feedForward);
      }
    } else feedForwardLayer(at, "", feedForward);
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
      case "BF16": // the upper half of an f32
        view.setUint16(at, floatBits(widest * (2 * random() - 1)) >>> 16, true);
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

const floatBits = (value: number): number => new Uint32Array(Float32Array.of(value).buffer)[0]!;

/** The bits of the nearest half of a number between −65504 and 65504. */
function halfBits(value: number): number {
  const size = Math.abs(value);
  const exponent = Math.max(-14, Math.floor(Math.log2(size)));
  // Rounding up to 2048 carries into the exponent, as the format has it.
  const fraction = Math.round(size * 2 ** (10 - exponent));
  const bits = exponent === -14 && fraction < 1024 ? fraction : ((exponent + 14) << 10) + fraction;
  return (value < 0 ? 0x8000 : 0) | bits;
}
