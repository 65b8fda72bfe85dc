import type { PlanRecorder } from "../../gpu/index.ts";
import type { Hyperparameters } from "../hyperparameters.ts";
import type { SequenceMemory } from "../sequence.ts";
import type { Weights } from "../weights.ts";
import type { Workspace } from "../workspace.ts";
import { type Attention, loadAttention, recordAttention } from "./attention.ts";
import { type DeltaNet, loadDeltaNet, recordDeltaNet } from "./delta_net.ts";
import { type Experts, loadExperts, recordExperts } from "./experts.ts";
import { type FeedForward, loadFeedForward, recordFeedForward } from "./ffn.ts";
import type { Path } from "./matmul.ts";
import { recordNorm } from "./norm.ts";

/** One block: mixer and feed-forward network, each behind its norm. */
export interface Block {
  readonly mixerNorm: GPUBuffer;
  readonly mixer: Attention | DeltaNet;
  readonly ffnNorm: GPUBuffer;
  readonly ffn: FeedForward | Experts;
}

export function loadBlock(
  weights: Weights,
  h: Hyperparameters,
  index: number,
  fullAttention: boolean,
): Block {
  const block = `blk.${index}.`;
  return {
    mixerNorm: weights.vector(`${block}attn_norm.weight`, h.embedding),
    mixer: fullAttention ? loadAttention(weights, h, block) : loadDeltaNet(weights, h, block),
    ffnNorm: weights.vector(`${block}${h.ffnNorm}.weight`, h.embedding),
    ffn: h.experts
      ? loadExperts(weights, h, block)
      : loadFeedForward(weights, h.embedding, h.feedForward, block),
  };
}

/** Records x ← block(x) (model.md 3.1). `stores`: what a delta net leaves of its state. */
export function recordBlock(
  recorder: PlanRecorder,
  path: Path,
  h: Hyperparameters,
  block: Block,
  index: number,
  memory: SequenceMemory,
  w: Workspace,
  stores: number,
): void {
  const { mixer } = block;
  const normed = (weight: GPUBuffer) =>
    recordNorm(recorder, path, w.step, {
      x: { buffer: w.x, stride: h.embedding },
      w: weight,
      y: { buffer: w.normed, stride: h.embedding },
      size: h.embedding,
      epsilon: h.epsilon,
    });
  recorder.part = mixer.kind === "attention" ? "attention layer" : "delta-net layer";
  normed(block.mixerNorm);
  if (mixer.kind === "attention") recordAttention(recorder, path, h, mixer, memory, memory.kv[index]!, w);
  else recordDeltaNet(recorder, path, h, mixer, memory.recurrent[index]!, w, stores);
  normed(block.ffnNorm);
  if (block.ffn.kind === "experts") recordExperts(recorder, path, h, block.ffn, w);
  else recordFeedForward(recorder, path, block.ffn, w, { out: w.x, accumulate: true });
}
