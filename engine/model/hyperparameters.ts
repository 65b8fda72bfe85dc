import { quoted, UserError } from "../errors/index.ts";
import type { GgufFile } from "../gguf/index.ts";
import { metadataBoolean, metadataFlags, metadataNumber, metadataString } from "../gguf/index.ts";
import type { ExpertsShape, Family, Keys, Mixers, Multipliers } from "./families/index.ts";
import { granite, llama, qwen2, qwen3, qwen3moe, qwen3next, qwen35, qwen35moe } from "./families/index.ts";
import { type RopeScaling, ropeFactorsTensor, ropeScaling } from "./rope_scaling.ts";

/** Shapes of a network, by the names of NETWORK.md 1.3. */
export interface Hyperparameters extends Mixers {
  readonly architecture: string;
  /** Trunk blocks, without the MTP block. */
  readonly layers: number;
  /** Blocks after the trunk that predict further tokens: 0 or 1. */
  readonly mtpLayers: number;
  readonly embedding: number;
  /** Width of a dense feed-forward network; beside experts, of the one that all rows share, 0 where there is none. */
  readonly feedForward: number;
  readonly ffnNorm: Family["ffnNorm"];
  /** Of a mixture; undefined in a dense network. */
  readonly experts?: ExpertsShape;
  /** Undefined: all are 1. */
  readonly multipliers?: Multipliers;
  readonly vocabulary: number;
  /** Positions that the model was trained for. */
  readonly contextLength: number;
  readonly epsilon: number;
  readonly attention: {
    readonly heads: number;
    readonly kvHeads: number;
    readonly headSize: number;
    readonly gated: Family["gated"];
    readonly inputs: "norms" | "biases" | "nothing";
    readonly pairs: Family["pairs"];
    /** Dims of a head that rotate. */
    readonly rotary: number;
    readonly ropeBase: number;
    /** How angles are stretched for a context longer than the one of the training. */
    readonly ropeScaling?: RopeScaling;
    /** [R/2] what each pair's angle is divided by; "unread" until `withRopeFactors` takes it from the file's data. */
    readonly ropeFactors?: "unread" | Float32Array;
    /** Multiplies q·k. */
    readonly scale: number;
  };
}

/** By `general.architecture`. */
const families: ReadonlyMap<string, Family> = new Map(
  Object.entries({ qwen35, qwen35moe, qwen3next, qwen2, qwen3, qwen3moe, llama, granite }),
);

/** @throws UserError when the architecture is not supported, a key is missing, or a shape is outside what the kernels do. */
export function readHyperparameters(file: GgufFile): Hyperparameters {
  const architecture = metadataString(file, "general.architecture");
  const family = families.get(architecture);
  if (!family) {
    const titles = [...families.values()].map(({ title }) => title).join(", ");
    throw new UserError({
      code: "model-unsupported",
      problem: `${file.path} is a ${quoted(architecture)} model, and this version runs ${titles}`,
      advice: "choose one of those",
      path: file.path,
    });
  }
  const keys = keysOf(file, architecture);
  const mtpLayers = keys.number("nextn_predict_layers", 0);
  const layers = keys.number("block_count") - mtpLayers;
  const embedding = keys.number("embedding_length");
  const heads = keys.number("attention.head_count");
  const headSize = keys.number("attention.key_length", embedding / heads);
  const vocabulary = file.tensors.get("token_embd.weight")?.dims[1];
  if (vocabulary === undefined) {
    throw new UserError({
      code: "file-incomplete",
      problem: `${file.path} has no tensor token_embd.weight`,
      advice: "the file is incomplete, download it again",
      path: file.path,
    });
  }
  const experts = family.experts?.(keys);
  const scaling = ropeScaling(file.path, keys);
  const parameters: Hyperparameters = {
    architecture,
    layers,
    mtpLayers,
    embedding,
    feedForward: experts ? experts.shared : keys.number("feed_forward_length"),
    ffnNorm: family.ffnNorm,
    ...(experts && { experts }),
    ...(family.multipliers && { multipliers: family.multipliers(keys) }),
    vocabulary,
    contextLength: contextOf(keys),
    epsilon: keys.number("attention.layer_norm_rms_epsilon"),
    ...family.mixers(keys, layers),
    attention: {
      heads,
      kvHeads: keys.number("attention.head_count_kv", heads),
      headSize,
      gated: family.gated,
      inputs: inputsOf(file, family),
      pairs: family.pairs,
      rotary: keys.number("rope.dimension_count", headSize),
      ropeBase: keys.number("rope.freq_base", 10_000),
      ...(scaling && { ropeScaling: scaling }),
      ...(family.ropeFactors && file.tensors.has(ropeFactorsTensor) && { ropeFactors: "unread" }),
      scale: keys.number("attention.scale", 0) || 1 / Math.sqrt(headSize),
    },
  };
  requireNumbers(file.path, parameters);
  requireShapes(file.path, parameters, keys);
  return parameters;
}

/** Within its window of positions, attention that slides is full attention; NETWORK.md has no other. */
function contextOf(keys: Keys): number {
  const trained = keys.number("context_length");
  const window = keys.number("attention.sliding_window", 0);
  return window > 0 ? Math.min(trained, window) : trained;
}

/** A file of Llama's architecture has biases on q, k and v in all blocks or in none. */
function inputsOf({ tensors }: GgufFile, { inputs }: Family): Hyperparameters["attention"]["inputs"] {
  if (inputs !== "biases or nothing") return inputs;
  const isBias = /^blk\.\d+\.attn_(q|k|v|qkv)\.bias$/;
  return [...tensors.keys()].some((name) => isBias.test(name)) ? "biases" : "nothing";
}

function keysOf(file: GgufFile, architecture: string): Keys {
  const at = (key: string) => `${architecture}.${key}`;
  return {
    number: (key, fallback) => metadataNumber(file, at(key), fallback),
    boolean: (key, fallback) => metadataBoolean(file, at(key), fallback),
    flags: (key) => metadataFlags(file, at(key)),
    string: (key, fallback) => metadataString(file, at(key), fallback),
  };
}

const MOST = 2 ** 24; // of anything that is counted; more is no model's

/** That each number is one, and in the range in which kernels compute with it. */
function requireNumbers(path: string, h: Hyperparameters): void {
  const { attention: a, delta: d, experts: e } = h;
  const counts: Record<string, number> = {
    block_count: h.layers,
    embedding_length: h.embedding,
    context_length: h.contextLength,
    "attention.head_count": a.heads,
    "attention.head_count_kv": a.kvHeads,
    "attention.key_length": a.headSize,
    "rope.dimension_count": a.rotary,
    ...(e
      ? { expert_count: e.count, expert_feed_forward_length: e.feedForward }
      : { feed_forward_length: h.feedForward }),
    ...(h.fullAttention.includes(false) && {
      "ssm.group_count": d.keyHeads,
      "ssm.time_step_rank": d.valueHeads,
      "ssm.state_size": d.headSize,
    }),
  };
  const ranges: Record<string, readonly [value: number, least: number, most: number]> = {
    "attention.layer_norm_rms_epsilon": [h.epsilon, 1e-12, 1],
    "attention.scale": [a.scale, 1e-6, 1e3],
    "rope.freq_base": [a.ropeBase, 1, 1e12],
    ...(h.multipliers && {
      embedding_scale: [h.multipliers.embedding, 1e-6, 1e6],
      residual_scale: [h.multipliers.residual, 1e-6, 1e6],
      logit_scale: [h.multipliers.logits, 1e-6, 1e6],
    }),
  };
  const isCount = (n: number): boolean => Number.isInteger(n) && n >= 1 && n <= MOST;
  const wrong =
    Object.entries(counts).find(([, n]) => !isCount(n)) ??
    Object.entries(ranges)
      .filter(([, [value, least, most]]) => !(value >= least && value <= most))
      .map(([key, [value]]) => [key, value] as const)[0];
  if (!wrong) return;
  throw new UserError({
    code: "model-unsupported",
    problem: `${path} has ${wrong[1]} in metadata key ${h.architecture}.${wrong[0]}, which no model can be computed with`,
    advice: "download it again or choose another file of this model",
    path,
  });
}

/** Experts that the router's workgroup holds, and of a row at most. */
const mostExperts = 1024;
const mostUsed = 16;

/** What the kernels assume: sizes that fill vec4s and workgroups, and a convolution of four taps. */
function requireShapes(path: string, h: Hyperparameters, keys: Keys): void {
  const { attention: a, delta: d, experts: e } = h;
  const powerOfTwo = (n: number) => n > 0 && (n & (n - 1)) === 0;
  const valueLength = keys.number("attention.value_length", a.headSize);
  const rules: [boolean, string][] = [
    [h.mtpLayers <= 1, `has ${h.mtpLayers} MTP blocks, and one is supported`],
    [h.embedding % 32 === 0, `has rows of ${h.embedding}, not a multiple of 32`],
    [h.feedForward % 32 === 0, `has a feed-forward width of ${h.feedForward}, not a multiple of 32`],
    [
      // A norm adds up the squares of a head in a tree.
      (a.inputs === "norms" ? powerOfTwo(a.headSize) : a.headSize % 8 === 0) &&
        a.headSize >= 32 &&
        a.headSize <= 256 &&
        valueLength === a.headSize,
      `has attention heads of ${a.headSize} and ${valueLength}, and equal ${a.inputs === "norms" ? "powers of two" : "multiples of 8"} from 32 to 256 are supported`,
    ],
    [
      (a.heads * a.headSize) % 32 === 0,
      `has ${a.heads} attention heads of ${a.headSize}, together not a multiple of 32`,
    ],
    [a.heads % a.kvHeads === 0, `has ${a.heads} query heads for ${a.kvHeads} KV heads`],
    [a.rotary % 8 === 0 && a.rotary <= a.headSize, `rotates ${a.rotary} of ${a.headSize} dims`],
  ];
  if (e) {
    rules.push([!h.multipliers, "has experts beside Granite's multipliers"]);
    rules.push(
      [e.feedForward % 32 === 0, `has experts of a width of ${e.feedForward}, not a multiple of 32`],
      [
        e.used >= 1 && e.used <= mostUsed && e.used <= e.count && e.count <= mostExperts,
        `sends rows to ${e.used} of ${e.count} experts, and up to ${mostUsed} of ${mostExperts} are supported`,
      ],
    );
  }
  if (h.fullAttention.includes(false)) {
    const kernel = keys.number("ssm.conv_kernel");
    const inner = keys.number("ssm.inner_size");
    rules.push(
      [kernel === 4, `has a convolution of ${kernel} taps, and 4 are supported`],
      [inner === d.valueHeads * d.headSize, "has an ssm.inner_size that is not heads × head size"],
      [
        powerOfTwo(d.headSize) && d.headSize >= 32 && d.headSize <= 256,
        `has delta-net heads of ${d.headSize}, and 32 to 256 are supported`,
      ],
      [d.valueHeads % d.keyHeads === 0, `has ${d.valueHeads} value heads for ${d.keyHeads} key heads`],
    );
  }
  for (const [holds, what] of rules) {
    if (!holds)
      throw new UserError({
        code: "model-unsupported",
        problem: `${path} ${what}`,
        advice: "this model cannot run here",
        path,
      });
  }
}
