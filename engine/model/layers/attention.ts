import biasShader from "../../../shaders/attention/attention_bias.wgsl";
import mergeShader from "../../../shaders/attention/attention_merge.wgsl";
import normShader from "../../../shaders/attention/attention_norm.wgsl";
import plainShader from "../../../shaders/attention/attention_plain.wgsl";
import prepareShader from "../../../shaders/attention/attention_prepare.wgsl";
import splitShader from "../../../shaders/attention/attention_split.wgsl";
import kvF16 from "../../../shaders/attention/kv_f16.wgsl";
import kvF32 from "../../../shaders/attention/kv_f32.wgsl";
import laneOrderShader from "../../../shaders/common/lane_order.wgsl";
import stepShader from "../../../shaders/common/step_state.wgsl";
import { type Bindings, ceilDiv, f32, type Gpu, u32 } from "../../gpu/index.ts";
import type { Hyperparameters } from "../hyperparameters.ts";
import type { Pass } from "../pass.ts";
import type { KvLayer } from "../sequence.ts";
import { type Matrix, scaled, type Weights } from "../weights.ts";
import { type ProductInput, recordMatmul } from "./matmul.ts";

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
  const { heads, kvHeads, headSize, gated, inputs } = h.attention;
  const queries = (gated ? 2 : 1) * heads * headSize;
  // In one tensor or in three, in the same order.
  const projections = (suffix: string): (readonly [name: string, rows: number])[] =>
    weights.has(`${block}attn_qkv.${suffix}`)
      ? [[`${block}attn_qkv.${suffix}`, queries + 2 * kvHeads * headSize]]
      : [
          [`${block}attn_q.${suffix}`, queries],
          [`${block}attn_k.${suffix}`, kvHeads * headSize],
          [`${block}attn_v.${suffix}`, kvHeads * headSize],
        ];
  const loadInputs: Readonly<Record<typeof inputs, () => Bindings>> = {
    norms: () => ({
      q_norm: weights.vector(`${block}attn_q_norm.weight`, headSize),
      k_norm: weights.vector(`${block}attn_k_norm.weight`, headSize),
    }),
    biases: () => ({ bias: weights.joined(projections("bias")) }),
    nothing: () => ({}),
  };
  return {
    kind: "attention",
    qkv: weights.matrix(h.embedding, projections("weight")),
    inputs: loadInputs[inputs](),
    output: scaled(
      weights.matrix(heads * headSize, [[`${block}attn_output.weight`, h.embedding]]),
      h.multipliers?.residual,
    ),
  };
}

/**
 * Of the queries of a KV head (its query heads, times rows), how many share one reading of keys and values: a power of two, up to
 * 16; up to 8 where heads are so wide that 16 sums of them take more registers than eight waves a SIMD leave (AMD), and on
 * CPU devices, which take seconds longer to compile 16. It does not show in the bits (I3).
 */
const queriesTogether = ({ software }: Gpu, queries: number, headSize: number): number =>
  Math.min(software || headSize > 128 ? 8 : 16, 2 ** Math.ceil(Math.log2(queries)));

const inputShaders = { norms: normShader, biases: biasShader, nothing: plainShader } as const;

/** Records x += Attention(input) (NETWORK.md 3.2), appending the rows' keys and values to the cache. */
export function recordAttention(
  pass: Pass,
  layer: Attention,
  input: ProductInput,
  { keys, values }: KvLayer,
): void {
  const { recorder, h, memory, workspace: w, step, width } = pass;
  const { heads, kvHeads, headSize, rotary, scale, gated, inputs, pairs } = h.attention;
  const kv = memory.kvType === "f16" ? kvF16 : kvF32;
  const sizes = {
    D: u32(headSize),
    HQ: u32(heads),
    HKV: u32(kvHeads),
    STRIDE: u32(layer.qkv.rows),
    GATED: String(gated),
  };
  const queries = queriesTogether(recorder.gpu, (heads / kvHeads) * width, headSize);
  const splits = { SPLIT: u32(w.split), SPLITS: u32(w.splits) };

  recordMatmul(pass, layer.qkv, { ...input, out: w.proj });
  recorder.dispatch(
    {
      name: "attention_prepare",
      parts: [stepShader, kv, inputShaders[inputs], prepareShader],
      constants: {
        ...sizes,
        ROT: u32(rotary),
        NEIGHBOURS: String(pairs === "neighbours"),
        EPS: f32(h.epsilon),
      },
    },
    { proj: w.proj, ...layer.inputs, rope: memory.rope, q: w.query, keys, values, step },
    [heads + 2 * kvHeads, width],
  );
  recorder.dispatch(
    {
      name: "attention_split",
      parts: [stepShader, kv, splitShader],
      constants: { ...sizes, ...splits, SCALE: f32(scale), QUERIES: u32(queries) },
    },
    { q: w.query, keys, values, partials: w.partials, step },
    [
      ({ positions }) => Math.min(w.splits, ceilDiv(positions, w.split)),
      kvHeads,
      ceilDiv((heads / kvHeads) * width, queries),
    ],
  );
  recorder.dispatch(
    {
      name: "attention_merge",
      parts: [stepShader, laneOrderShader, mergeShader],
      constants: { ...sizes, ...splits },
    },
    { partials: w.partials, proj: w.proj, y: w.mixerOut, step },
    [heads, width],
  );
  recordMatmul(pass, layer.output, { x: w.mixerOut, out: w.x, laneOrder: true, accumulate: true });
}
