import { open } from "node:fs/promises";
import { blockFormat, rowBytes, type TensorType } from "../../engine/gguf/block_formats.ts";
import { charOfByte } from "../../engine/text/alphabet.ts";
import { ggufHeader, type MetadataPair } from "./write_gguf.ts";

/** A network by the numbers of NETWORK.md 1.4. */
export interface PublishedShape {
  readonly name: string;
  readonly architecture: "qwen35" | "qwen35moe" | "qwen3next" | "qwen2" | "qwen3" | "granite";
  readonly layers: number;
  readonly embedding: number;
  /** 0 beside experts. */
  readonly feedForward: number;
  readonly experts?: {
    readonly count: number;
    readonly used: number;
    readonly feedForward: number;
    readonly shared: number;
  };
  readonly heads: number;
  readonly kvHeads: number;
  readonly headSize: number;
  /** Undefined: all of them, and no key says so. */
  readonly rotary: number | undefined;
  readonly ropeBase: number;
  readonly delta?: { readonly keyHeads: number; readonly valueHeads: number; readonly headSize: number };
  /** Whether delta nets have one tensor for q, k, v and z. */
  readonly joined?: boolean;
  /** Every so manyth block has full attention. */
  readonly interval?: number;
  readonly vocabulary: number;
  readonly contextLength: number;
  readonly tied: boolean;
}

/** Small, with delta nets and attention. */
export const TOY: PublishedShape = {
  name: "Toy",
  architecture: "qwen35",
  layers: 4,
  embedding: 256,
  feedForward: 512,
  heads: 4,
  kvHeads: 2,
  headSize: 64,
  rotary: 16,
  ropeBase: 1e7,
  delta: { keyHeads: 2, valueHeads: 4, headSize: 64 },
  interval: 4,
  vocabulary: 300,
  contextLength: 4096,
  tied: true,
};

/**
 * Which type each tensor has (NETWORK.md 6.4): llama.cpp's own mixes, and one in the manner of those
 * that measure what each tensor can bear, with halves among the quants.
 */
export type Mix = "Q4_K_M" | "Q8_0" | "UD";

export interface HeaderTensor {
  readonly name: string;
  /** In ne order. */
  readonly dims: readonly number[];
  /** A number writes that ggml id, known or not, with a byte for each element. */
  readonly type: TensorType | number;
}

/** Any file of the model: other keys and tensors than the converter's are a test's affair. */
export interface HeaderFile {
  readonly metadata: readonly MetadataPair[];
  readonly tensors: readonly HeaderTensor[];
}

export const publishedFile = (shape: PublishedShape, mix: Mix, mtp: boolean): HeaderFile => ({
  metadata: metadataOf(shape, mtp),
  tensors: tensorsOf(shape, mix, mtp),
});

/** Writes the header and makes the file as large as it says, with holes where the weights would be. */
export async function writeHeader(path: string, model: HeaderFile): Promise<void> {
  const { header, size } = headerOf(model);
  await using file = await open(path, "w");
  await file.write(header);
  await file.truncate(size);
}

const headerOf = ({ metadata, tensors }: HeaderFile) =>
  ggufHeader({
    metadata,
    tensors: tensors.map((tensor) => ({ ...tensor, bytes: { length: bytesOf(tensor) } })),
  });

/** The same file in memory, with zeros where the weights would be. */
export function headerBytes(file: HeaderFile): Uint8Array {
  const { header, size } = headerOf(file);
  const bytes = new Uint8Array(size);
  bytes.set(header);
  return bytes;
}

export const bytesOf = ({ type, dims: [columns = 1, ...rest] }: HeaderTensor): number =>
  (typeof type === "number" ? columns : rowBytes(type, columns)) *
  rest.reduce((product, n) => product * n, 1);

function metadataOf(shape: PublishedShape, mtp: boolean): MetadataPair[] {
  const { architecture, delta, experts, rotary } = shape;
  const isQwen35 = architecture.startsWith("qwen35");
  const counts: Record<string, number | undefined> = {
    block_count: shape.layers + Number(mtp),
    nextn_predict_layers: mtp ? 1 : undefined,
    context_length: shape.contextLength,
    embedding_length: shape.embedding,
    feed_forward_length: experts ? undefined : shape.feedForward,
    "attention.head_count": shape.heads,
    "attention.head_count_kv": shape.kvHeads,
    "attention.key_length": architecture === "qwen2" ? undefined : shape.headSize,
    "attention.value_length": architecture === "qwen2" ? undefined : shape.headSize,
    "rope.dimension_count": rotary,
    full_attention_interval: shape.interval,
    "ssm.conv_kernel": delta && 4,
    "ssm.state_size": delta?.headSize,
    "ssm.group_count": delta?.keyHeads,
    "ssm.time_step_rank": delta?.valueHeads,
    "ssm.inner_size": delta && delta.valueHeads * delta.headSize,
    expert_count: experts?.count,
    expert_used_count: experts?.used,
    expert_feed_forward_length: experts?.feedForward,
    expert_shared_feed_forward_length: experts?.shared,
  };
  const pairs = Object.entries(counts).filter((pair): pair is [string, number] => pair[1] !== undefined);
  return [
    ["general.architecture", "string", architecture],
    ["general.name", "string", shape.name],
    ...pairs.map(([key, n]): MetadataPair => [`${architecture}.${key}`, "u32", n]),
    [`${architecture}.attention.layer_norm_rms_epsilon`, "f32", 1e-6],
    [`${architecture}.rope.freq_base`, "f32", shape.ropeBase],
    ...(isQwen35
      ? [[`${architecture}.rope.dimension_sections`, "i32", [11, 11, 10, 0]] as MetadataPair]
      : []),
    ...vocabularyOf(shape.vocabulary, isQwen35 ? "qwen35" : "qwen2"),
  ];
}

/** As many tokens as the real one has, of made-up texts, and the three that lay out fill-in-the-middle. */
function vocabularyOf(size: number, pre: string): MetadataPair[] {
  const special = ["<|endoftext|>", "<|im_end|>", "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"];
  const texts = Array.from({ length: size }, (_, id) => (id < 256 ? charOfByte(id) : `token${id}`));
  texts.splice(size - special.length, special.length, ...special);
  return [
    ["tokenizer.ggml.model", "string", "gpt2"],
    ["tokenizer.ggml.pre", "string", pre],
    ["tokenizer.ggml.tokens", "string", texts],
    ["tokenizer.ggml.token_type", "i32", texts.map((_, id) => (id < size - special.length ? 1 : 3))],
    ["tokenizer.ggml.merges", "string", []],
  ];
}

const norms = ({ headSize }: PublishedShape): [string, number][] => [
  ["attn_q_norm.weight", headSize],
  ["attn_k_norm.weight", headSize],
];
const biases = ({ heads, kvHeads, headSize }: PublishedShape): [string, number][] => [
  ["attn_q.bias", heads * headSize],
  ["attn_k.bias", kvHeads * headSize],
  ["attn_v.bias", kvHeads * headSize],
];

/** What q, k and v pass before q and k rotate. */
const INPUTS = {
  qwen35: norms,
  qwen35moe: norms,
  qwen3next: norms,
  qwen3: norms,
  qwen2: biases,
  granite: () => [],
};

function addDeltaNet(
  { architecture, embedding, joined }: PublishedShape,
  { keyHeads, valueHeads, headSize }: NonNullable<PublishedShape["delta"]>,
  block: (name: string, ...dims: number[]) => void,
): void {
  const inner = valueHeads * headSize;
  const channels = 2 * keyHeads * headSize + inner;
  if (joined) block("ssm_in.weight", embedding, channels + inner);
  else {
    block("attn_qkv.weight", embedding, channels);
    block("attn_gate.weight", embedding, inner);
  }
  block("ssm_conv1d.weight", 4, channels);
  if (architecture === "qwen3next") block("ssm_ba.weight", embedding, 2 * valueHeads);
  else {
    block("ssm_alpha.weight", embedding, valueHeads);
    block("ssm_beta.weight", embedding, valueHeads);
  }
  block("ssm_dt.bias", valueHeads);
  block("ssm_a", valueHeads);
  block("ssm_norm.weight", headSize);
  block("ssm_out.weight", inner, embedding);
}

function tensorsOf(shape: PublishedShape, mix: Mix, mtp: boolean): HeaderTensor[] {
  const { architecture, embedding, delta, experts, heads, kvHeads, headSize, interval = 1 } = shape;
  const tensors: HeaderTensor[] = [];
  const add = (name: string, ...dims: number[]) => {
    tensors.push({ name, dims, type: typeOf(shape, mix, name, dims) });
  };
  add("token_embd.weight", embedding, shape.vocabulary);
  add("output_norm.weight", embedding);
  if (!shape.tied) add("output.weight", embedding, shape.vocabulary);
  for (let i = 0; i < shape.layers + Number(mtp); i++) {
    const block = (name: string, ...dims: number[]) => add(`blk.${i}.${name}`, ...dims);
    block("attn_norm.weight", embedding);
    block(delta ? "post_attention_norm.weight" : "ffn_norm.weight", embedding);
    if (delta && i < shape.layers && (i + 1) % interval !== 0) addDeltaNet(shape, delta, block);
    else {
      block("attn_q.weight", embedding, (delta ? 2 : 1) * heads * headSize);
      block("attn_k.weight", embedding, kvHeads * headSize);
      block("attn_v.weight", embedding, kvHeads * headSize);
      block("attn_output.weight", heads * headSize, embedding);
      for (const [name, size] of INPUTS[architecture](shape)) block(name, size);
    }
    const feedForward = (suffix: string, width: number, ...stack: number[]) => {
      block(`ffn_gate${suffix}.weight`, embedding, width, ...stack);
      block(`ffn_up${suffix}.weight`, embedding, width, ...stack);
      block(`ffn_down${suffix}.weight`, width, embedding, ...stack);
    };
    if (experts) {
      block("ffn_gate_inp.weight", embedding, experts.count);
      block("ffn_gate_inp_shexp.weight", embedding);
      feedForward("_exps", experts.feedForward, experts.count);
      feedForward("_shexp", experts.shared);
    } else feedForward("", shape.feedForward);
    if (i < shape.layers) continue;
    block("nextn.eh_proj.weight", 2 * embedding, embedding);
    for (const name of ["enorm", "hnorm", "shared_head_norm"]) block(`nextn.${name}.weight`, embedding);
  }
  return tensors;
}

function typeOf(shape: PublishedShape, mix: Mix, name: string, dims: readonly number[]): TensorType {
  const block = Number(/^blk\.(\d+)/.exec(name)?.[1] ?? -1);
  const mtp = block >= shape.layers;
  if (shape.architecture === "qwen3next" && name.endsWith("inp_shexp.weight")) return "F16"; // as a loader printed
  if (/ffn_gate_inp/.test(name)) return mtp ? "BF16" : "F32"; // as observed in a 35B's MTP block
  if (dims.length === 1 || /_norm\.weight$|ssm_conv1d/.test(name)) return "F32";
  const type = mtp && mix === "UD" ? "Q8_0" : quantOf(shape, mix, name, block);
  // K-quants need rows of whole blocks; Qwen2.5's 0.5B has rows of 896.
  const whole = dims[0]! % blockFormat(type).elements === 0;
  return whole ? type : type === "Q4_K" ? "Q5_0" : "Q8_0";
}

function quantOf({ layers, tied }: PublishedShape, mix: Mix, name: string, block: number): TensorType {
  if (mix === "Q8_0") return "Q8_0";
  if (mix === "UD") {
    if (/ssm_(alpha|beta)/.test(name)) return "F16";
    if (/attn_(k|v)\.weight/.test(name)) return "BF16";
    if (/ssm_out|shexp/.test(name)) return "Q8_0";
    if (/ffn_down_exps/.test(name)) return "Q5_K";
  }
  const wider = name === "output.weight" || (tied && name === "token_embd.weight");
  const eighth = layers / 8;
  const moreBits = block < eighth || block >= 7 * eighth || (block - Math.floor(eighth)) % 3 === 2;
  return wider || (moreBits && /attn_v\.|attn_qkv|ffn_down/.test(name)) ? "Q6_K" : "Q4_K";
}
