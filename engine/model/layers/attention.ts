import biasShader from "../../../shaders/attention/attention_bias.wgsl";
import mergeShader from "../../../shaders/attention/attention_merge.wgsl";
import normShader from "../../../shaders/attention/attention_norm.wgsl";
import prepareShader from "../../../shaders/attention/attention_prepare.wgsl";
import splitShader from "../../../shaders/attention/attention_split.wgsl";
import kvF16 from "../../../shaders/attention/kv_f16.wgsl";
import kvF32 from "../../../shaders/attention/kv_f32.wgsl";
import stepShader from "../../../shaders/common/step_state.wgsl";
import { f32, type PlanRecorder, u32 } from "../../gpu/index.ts";
import type { Hyperparameters } from "../hyperparameters.ts";
import type { KvLayer, SequenceMemory } from "../sequence.ts";
import type { Matrix, Weights } from "../weights.ts";
import type { Workspace } from "../workspace.ts";
import { type Path, recordMatmul } from "./matmul.ts";

/** Weights of a full-attention mixer (model.md 2.3). */
export interface Attention {
  readonly kind: "attention";
  /** Per head q, or [q | gate] where it has one, then k, then v. */
  readonly qkv: Matrix;
  /** What q, k and v pass before q and k rotate: [D] norm of q and [D] norm of k, or the [STRIDE] biases of all three. */
  readonly inputs: readonly GPUBuffer[];
  readonly output: Matrix;
}

export function loadAttention(weights: Weights, h: Hyperparameters, block: string): Attention {
  const { heads, kvHeads, headSize, gated, inputs } = h.attention;
  const queries = (gated ? 2 : 1) * heads * headSize;
  return {
    kind: "attention",
    qkv: weights.matrix(h.embedding, [
      [`${block}attn_q.weight`, queries],
      [`${block}attn_k.weight`, kvHeads * headSize],
      [`${block}attn_v.weight`, kvHeads * headSize],
    ]),
    inputs:
      inputs === "norms"
        ? ["q", "k"].map((of) => weights.vector(`${block}attn_${of}_norm.weight`, headSize))
        : [
            weights.joined([
              [`${block}attn_q.bias`, queries],
              [`${block}attn_k.bias`, kvHeads * headSize],
              [`${block}attn_v.bias`, kvHeads * headSize],
            ]),
          ],
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
  const { heads, kvHeads, headSize, rotary, scale, gated, inputs } = h.attention;
  const kv = kvType === "f16" ? kvF16 : kvF32;
  const sizes = {
    D: u32(headSize),
    HQ: u32(heads),
    HKV: u32(kvHeads),
    STRIDE: u32(layer.qkv.rows),
    GATED: String(gated),
  };
  const splits = { SPLIT: u32(w.split), SPLITS: u32(w.splits) };

  recordMatmul(recorder, path, layer.qkv, w.step, { x: w.normed, out: w.proj });
  recorder.dispatch(
    {
      name: "attention_prepare",
      parts: [stepShader, kv, inputs === "norms" ? normShader : biasShader, prepareShader],
      constants: { ...sizes, ROT: u32(rotary), EPS: f32(h.epsilon) },
    },
    [w.proj, ...layer.inputs, rope, w.query, keys, values, w.step],
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
