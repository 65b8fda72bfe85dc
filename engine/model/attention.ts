import mergeShader from "../../shaders/attention_merge.wgsl";
import prepareShader from "../../shaders/attention_prepare.wgsl";
import splitShader from "../../shaders/attention_split.wgsl";
import kvF16 from "../../shaders/kv_f16.wgsl";
import kvF32 from "../../shaders/kv_f32.wgsl";
import stepShader from "../../shaders/step_state.wgsl";
import { f32, type PlanRecorder, u32 } from "../gpu/index.ts";
import type { Hyperparameters } from "./hyperparameters.ts";
import { type Path, recordMatmul } from "./matmul.ts";
import type { KvLayer, SequenceMemory } from "./sequence.ts";
import type { Matrix, Weights } from "./weights.ts";
import type { Workspace } from "./workspace.ts";

/** Weights of a full-attention mixer (model.md 2.3). */
export interface Attention {
  readonly kind: "attention";
  /** Per head [q | gate], then k, then v. */
  readonly qkv: Matrix;
  readonly qNorm: GPUBuffer;
  readonly kNorm: GPUBuffer;
  readonly output: Matrix;
}

export function loadAttention(weights: Weights, h: Hyperparameters, block: string): Attention {
  const { heads, kvHeads, headSize } = h.attention;
  return {
    kind: "attention",
    qkv: weights.matrix(h.embedding, [
      [`${block}attn_q.weight`, 2 * heads * headSize],
      [`${block}attn_k.weight`, kvHeads * headSize],
      [`${block}attn_v.weight`, kvHeads * headSize],
    ]),
    qNorm: weights.vector(`${block}attn_q_norm.weight`, headSize),
    kNorm: weights.vector(`${block}attn_k_norm.weight`, headSize),
    output: weights.matrix(heads * headSize, [[`${block}attn_output.weight`, h.embedding]]),
  };
}

/** Records x += Attention(normed) (model.md 3.2), appending the rows' keys and values to the cache. */
export function recordAttention(
  recorder: PlanRecorder,
  path: Path,
  h: Hyperparameters,
  layer: Attention,
  { kvType, rope }: SequenceMemory,
  { keys, values }: KvLayer,
  w: Workspace,
): void {
  const { heads, kvHeads, headSize, rotary, scale } = h.attention;
  const kv = kvType === "f16" ? kvF16 : kvF32;
  const sizes = { D: u32(headSize), HQ: u32(heads), HKV: u32(kvHeads), STRIDE: u32(layer.qkv.rows) };
  const splits = { SPLIT: u32(w.split), SPLITS: u32(w.splits) };

  recordMatmul(recorder, path, layer.qkv, w.step, { x: w.normed, out: w.proj });
  recorder.dispatch(
    {
      name: "attention_prepare",
      parts: [stepShader, kv, prepareShader],
      constants: { ...sizes, ROT: u32(rotary), EPS: f32(h.epsilon) },
    },
    [w.proj, layer.qNorm, layer.kNorm, rope, w.query, keys, values, w.step],
    [heads + 2 * kvHeads, path.width],
  );
  recorder.dispatch(
    {
      name: "attention_split",
      parts: [stepShader, kv, splitShader],
      constants: { ...sizes, ...splits, SCALE: f32(scale) },
    },
    [w.query, keys, values, w.partials, w.step],
    [({ positions }) => Math.min(w.splits, Math.ceil(positions / w.split)), heads, path.width],
  );
  recorder.dispatch(
    { name: "attention_merge", parts: [stepShader, mergeShader], constants: { ...sizes, ...splits } },
    [w.partials, w.proj, w.mixerOut, w.step],
    [heads, path.width],
  );
  recordMatmul(recorder, path, layer.output, w.step, { x: w.mixerOut, out: w.x, accumulate: true });
}
