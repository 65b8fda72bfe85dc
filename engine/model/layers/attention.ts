import biasShader from "../../../shaders/attention/attention_bias.wgsl";
import mergeShader from "../../../shaders/attention/attention_merge.wgsl";
import normShader from "../../../shaders/attention/attention_norm.wgsl";
import plainShader from "../../../shaders/attention/attention_plain.wgsl";
import prepareShader from "../../../shaders/attention/attention_prepare.wgsl";
import splitShader from "../../../shaders/attention/attention_split.wgsl";
import kvF16 from "../../../shaders/attention/kv_f16.wgsl";
import kvF32 from "../../../shaders/attention/kv_f32.wgsl";
import stepShader from "../../../shaders/common/step_state.wgsl";
import { type Bindings, f32, u32 } from "../../gpu/index.ts";
import type { Hyperparameters } from "../hyperparameters.ts";
import type { Pass } from "../pass.ts";
import type { KvLayer } from "../sequence.ts";
import type { Matrix, Weights } from "../weights.ts";
import { recordMatmul } from "./matmul.ts";

/** Weights of a full-attention mixer (NETWORK.md 2.3). */
export interface Attention {
  readonly kind: "attention";
  /** Per head q, or [q | gate] where it has one, then k, then v. */
  readonly qkv: Matrix;
  /** What q, k and v pass before q and k rotate: `q_norm` [D] and `k_norm` [D], `bias` [STRIDE] of all three, or nothing. */
  readonly inputs: Bindings;
  readonly output: Matrix;
}

export function loadAttention(weights: Weights, h: Hyperparameters, block: string): Attention {
  const { heads, headSize } = h.attention;
  return {
    kind: "attention",
    qkv: weights.matrix(h.embedding, projections(weights, h, block, "weight")),
    inputs: loadInputs(weights, h, block),
    output: weights.matrix(heads * headSize, [[`${block}attn_output.weight`, h.embedding]]),
  };
}

function loadInputs(weights: Weights, h: Hyperparameters, block: string): Bindings {
  const { headSize, inputs } = h.attention;
  switch (inputs) {
    case "norms":
      return {
        q_norm: weights.vector(`${block}attn_q_norm.weight`, headSize),
        k_norm: weights.vector(`${block}attn_k_norm.weight`, headSize),
      };
    case "biases":
      return { bias: weights.joined(projections(weights, h, block, "bias")) };
    case "none":
      return {};
  }
}

/** The tensors of q, k and v with their rows; some writers join the three, in this order. */
function projections(
  weights: Weights,
  { attention: { heads, kvHeads, headSize, gated } }: Hyperparameters,
  block: string,
  kind: "weight" | "bias",
): (readonly [name: string, rows: number])[] {
  const queries = (gated ? 2 : 1) * heads * headSize;
  const others = kvHeads * headSize;
  const joined = `${block}attn_qkv.${kind}`;
  if (weights.has(joined)) return [[joined, queries + 2 * others]];
  return [
    [`${block}attn_q.${kind}`, queries],
    [`${block}attn_k.${kind}`, others],
    [`${block}attn_v.${kind}`, others],
  ];
}

const inputShaders = { norms: normShader, biases: biasShader, none: plainShader } as const;

/** Records x += Attention(normed) (NETWORK.md 3.2), appending the rows' keys and values to the cache. */
export function recordAttention(pass: Pass, layer: Attention, { keys, values }: KvLayer): void {
  const { recorder, h, memory, workspace: w, step, width } = pass;
  const { heads, kvHeads, headSize, rotary, scale, gated, inputs, neighbours } = h.attention;
  const kv = memory.kvType === "f16" ? kvF16 : kvF32;
  const sizes = {
    D: u32(headSize),
    HQ: u32(heads),
    HKV: u32(kvHeads),
    STRIDE: u32(layer.qkv.rows),
    GATED: String(gated),
  };
  const splits = { SPLIT: u32(w.split), SPLITS: u32(w.splits) };

  recordMatmul(pass, layer.qkv, { x: w.normed, out: w.proj });
  recorder.dispatch(
    {
      name: "attention_prepare",
      parts: [stepShader, kv, inputShaders[inputs], prepareShader],
      constants: { ...sizes, ROT: u32(rotary), NEIGHBOURS: String(neighbours), EPS: f32(h.epsilon) },
    },
    { proj: w.proj, ...layer.inputs, rope: memory.rope, q: w.query, keys, values, step },
    [heads + 2 * kvHeads, width],
  );
  recorder.dispatch(
    {
      name: "attention_split",
      parts: [stepShader, kv, splitShader],
      constants: { ...sizes, ...splits, SCALE: f32(scale) },
    },
    { q: w.query, keys, values, partials: w.partials, step },
    [({ positions }) => Math.min(w.splits, Math.ceil(positions / w.split)), heads, width],
  );
  recorder.dispatch(
    { name: "attention_merge", parts: [stepShader, mergeShader], constants: { ...sizes, ...splits } },
    { partials: w.partials, proj: w.proj, y: w.mixerOut, step },
    [heads, width],
  );
  recordMatmul(pass, layer.output, { x: w.mixerOut, out: w.x, accumulate: true });
}
