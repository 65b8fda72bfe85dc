import { UserError } from "../errors.ts";
import type { GgufFile } from "../gguf/index.ts";
import { metadataFlags, metadataNumber, metadataString } from "../gguf/index.ts";

/** Shapes of a `qwen35` network, by the names that model.md and the field use. */
export interface Hyperparameters {
  readonly architecture: string;
  /** Trunk blocks, without the MTP block. */
  readonly layers: number;
  /** Blocks after the trunk that predict further tokens: 0 or 1. */
  readonly mtpLayers: number;
  readonly embedding: number;
  readonly feedForward: number;
  readonly vocabulary: number;
  /** Positions that the model was trained for. */
  readonly contextLength: number;
  readonly epsilon: number;
  /** Per trunk block: full attention (true) or gated delta net (false). */
  readonly fullAttention: readonly boolean[];
  readonly attention: {
    readonly heads: number;
    readonly kvHeads: number;
    readonly headSize: number;
    /** Dims of a head that rotate. */
    readonly rotary: number;
    readonly ropeBase: number;
    /** Multiplies q·k. */
    readonly scale: number;
  };
  readonly delta: {
    readonly keyHeads: number;
    readonly valueHeads: number;
    /** Size of q, k and v heads alike. */
    readonly headSize: number;
    /** Channels of the causal convolution: q heads, k heads, v heads. */
    readonly channels: number;
  };
}

const supported = ["qwen35"];

/** @throws UserError when the architecture is not supported, a key is missing, or a shape is outside what the kernels do. */
export function readHyperparameters(file: GgufFile): Hyperparameters {
  const architecture = metadataString(file, "general.architecture");
  if (!supported.includes(architecture)) {
    throw new UserError(
      `${file.path} is a "${architecture}" model, and this version runs ${supported.join(", ")} (dense Qwen3.5 and Qwen3.6): choose one of those.`,
    );
  }
  const at = (key: string) => `${architecture}.${key}`;
  const number = (key: string, fallback?: number) => metadataNumber(file, at(key), fallback);

  const mtpLayers = number("nextn_predict_layers", 0);
  const layers = number("block_count") - mtpLayers;
  const embedding = number("embedding_length");
  const heads = number("attention.head_count");
  const headSize = number("attention.key_length", embedding / heads);
  const keyHeads = number("ssm.group_count");
  const valueHeads = number("ssm.time_step_rank");
  const deltaSize = number("ssm.state_size");
  const interval = number("full_attention_interval", 4);
  const recurrent = metadataFlags(file, at("attention.recurrent_layers"));
  const vocabulary = file.tensors.get("token_embd.weight")?.dims[1];
  if (vocabulary === undefined) {
    throw new UserError(
      `${file.path} has no tensor token_embd.weight: the file is incomplete, download it again.`,
    );
  }

  const parameters: Hyperparameters = {
    architecture,
    layers,
    mtpLayers,
    embedding,
    feedForward: number("feed_forward_length"),
    vocabulary,
    contextLength: number("context_length"),
    epsilon: number("attention.layer_norm_rms_epsilon"),
    fullAttention: Array.from({ length: layers }, (_, i) =>
      recurrent ? !recurrent[i] : (i + 1) % interval === 0,
    ),
    attention: {
      heads,
      kvHeads: number("attention.head_count_kv"),
      headSize,
      rotary: number("rope.dimension_count", headSize),
      ropeBase: number("rope.freq_base", 10_000),
      scale: number("attention.scale", 0) || 1 / Math.sqrt(headSize),
    },
    delta: {
      keyHeads,
      valueHeads,
      headSize: deltaSize,
      channels: (2 * keyHeads + valueHeads) * deltaSize,
    },
  };
  requireShapes(file.path, parameters, {
    inner: number("ssm.inner_size"),
    kernel: number("ssm.conv_kernel"),
    valueLength: number("attention.value_length", headSize),
  });
  return parameters;
}

/** What the kernels assume: sizes that fill vec4s and workgroups, and a convolution of four taps. */
function requireShapes(
  path: string,
  { attention: a, delta: d, embedding, mtpLayers, feedForward }: Hyperparameters,
  raw: { inner: number; kernel: number; valueLength: number },
): void {
  const powerOfTwo = (n: number) => n > 0 && (n & (n - 1)) === 0;
  const rules: [boolean, string][] = [
    [mtpLayers <= 1, `has ${mtpLayers} MTP blocks, and one is supported`],
    [embedding % 32 === 0, `has rows of ${embedding}, not a multiple of 32`],
    [feedForward % 32 === 0, `has a feed-forward width of ${feedForward}, not a multiple of 32`],
    [raw.kernel === 4, `has a convolution of ${raw.kernel} taps, and 4 are supported`],
    [raw.inner === d.valueHeads * d.headSize, `has an ssm.inner_size that is not heads × head size`],
    [
      powerOfTwo(d.headSize) && d.headSize >= 32 && d.headSize <= 256,
      `has delta-net heads of ${d.headSize}, and 32 to 256 are supported`,
    ],
    [d.valueHeads % d.keyHeads === 0, `has ${d.valueHeads} value heads for ${d.keyHeads} key heads`],
    [
      powerOfTwo(a.headSize) && a.headSize >= 32 && a.headSize <= 256 && raw.valueLength === a.headSize,
      `has attention heads of ${a.headSize} and ${raw.valueLength}, and equal powers of two from 32 to 256 are supported`,
    ],
    [a.heads % a.kvHeads === 0, `has ${a.heads} query heads for ${a.kvHeads} KV heads`],
    [a.rotary % 8 === 0 && a.rotary <= a.headSize, `rotates ${a.rotary} of ${a.headSize} dims`],
  ];
  for (const [holds, what] of rules) {
    if (!holds) throw new UserError(`${path} ${what}: this model cannot run here.`);
  }
}
