import type { Hyperparameters } from "../hyperparameters.ts";
import type { Pass } from "../pass.ts";
import type { Weights } from "../weights.ts";
import { type Attention, loadAttention, recordAttention } from "./attention.ts";
import { type DeltaNet, loadDeltaNet, recordDeltaNet } from "./delta_net.ts";
import { type Experts, loadExperts, recordExperts } from "./experts.ts";
import { type FeedForward, loadFeedForward, recordFeedForward } from "./ffn.ts";
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
  mixer: Block["mixer"]["kind"],
): Block {
  const block = `blk.${index}.`;
  return {
    mixerNorm: weights.vector(`${block}attn_norm.weight`, h.embedding),
    mixer: mixer === "attention" ? loadAttention(weights, h, block) : loadDeltaNet(weights, h, block),
    ffnNorm: weights.vector(`${block}${h.ffnNorm}.weight`, h.embedding),
    ffn: h.experts
      ? loadExperts(weights, h, block)
      : loadFeedForward(weights, h.embedding, h.feedForward, block, { scale: h.multipliers?.residual }),
  };
}

/** Records x ← block(x) (NETWORK.md 3.1); `index` says which of the sequence's memories is the block's. */
export function recordBlock(pass: Pass, block: Block, index: number): void {
  const { recorder, h, memory, workspace: w } = pass;
  const { mixer } = block;
  const normed = (weight: GPUBuffer) =>
    recordNorm(pass, {
      x: { buffer: w.x, stride: h.embedding },
      w: weight,
      y: { buffer: w.normed, stride: h.embedding },
      size: h.embedding,
      epsilon: h.epsilon,
    });
  recorder.part = mixer.kind === "attention" ? "attention layer" : "delta-net layer";
  normed(block.mixerNorm);
  if (mixer.kind === "attention") recordAttention(pass, mixer, memory.kv[index]!);
  else recordDeltaNet(pass, mixer, memory.recurrent[index]!);
  normed(block.ffnNorm);
  if (block.ffn.kind === "experts") recordExperts(pass, block.ffn);
  else recordFeedForward(pass, block.ffn, { out: w.x, accumulate: true });
}
