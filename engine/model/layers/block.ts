import type { Hyperparameters } from "../hyperparameters.ts";
import type { Pass } from "../pass.ts";
import type { Weights } from "../weights.ts";
import { type Attention, loadAttention, recordAttention } from "./attention.ts";
import { type DeltaNet, loadDeltaNet, recordDeltaNet } from "./delta_net.ts";
import { type Experts, loadExperts, recordExperts } from "./experts.ts";
import { type FeedForward, loadFeedForward, recordFeedForward } from "./ffn.ts";
import { recordNormed } from "./norm.ts";

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
    mixerNorm: weights.norm(`${block}attn_norm.weight`, h.embedding),
    mixer: mixer === "attention" ? loadAttention(weights, h, block) : loadDeltaNet(weights, h, block),
    ffnNorm: weights.norm(`${block}${h.ffnNorm}.weight`, h.embedding),
    ffn: h.experts
      ? loadExperts(weights, h, block)
      : loadFeedForward(weights, h.embedding, h.feedForward, block, { scale: h.multipliers?.residual }),
  };
}

/** Records x ← block(x) (NETWORK.md 3.1); `index` says which of the sequence's memories is the block's. */
export function recordBlock(pass: Pass, block: Block, index: number): void {
  const { recorder, h, memory, workspace: w } = pass;
  const { mixer, ffn } = block;
  const norm = (weight: GPUBuffer) => ({ x: w.x, w: weight, size: h.embedding, epsilon: h.epsilon });
  recorder.part = mixer.kind === "attention" ? "attention layer" : "delta-net layer";
  const input = recordNormed(pass, norm(block.mixerNorm), w);
  if (mixer.kind === "attention") recordAttention(pass, mixer, input, memory.kv[index]!);
  else recordDeltaNet(pass, mixer, input, memory.recurrent[index]!);
  if (ffn.kind === "experts") {
    recordExperts(pass, ffn, block.ffnNorm);
  } else {
    const normed = recordNormed(pass, norm(block.ffnNorm), w);
    recordFeedForward(pass, ffn, normed, { out: w.x, accumulate: true });
  }
}
