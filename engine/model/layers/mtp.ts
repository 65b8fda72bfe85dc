import type { Hyperparameters } from "../hyperparameters.ts";
import type { Pass } from "../pass.ts";
import { tapeRows } from "../sequence.ts";
import type { Matrix, Weights } from "../weights.ts";
import { type Block, loadBlock, recordBlock } from "./block.ts";
import { recordEmbedding, recordMatmul } from "./matmul.ts";
import { recordNorm } from "./norm.ts";

/** The multi-token-prediction block (NETWORK.md 2.7, 4): drafts the token after the next from a token and a hidden row. */
export interface Mtp {
  readonly embedding: Matrix;
  readonly embeddingNorm: GPUBuffer;
  readonly hiddenNorm: GPUBuffer;
  /** [2E, E], embedding first */
  readonly join: Matrix;
  readonly block: Block;
  readonly norm: GPUBuffer;
  readonly head: Matrix;
}

/** The block has its own norms and may have its own embedding and head; what it lacks is the trunk's. */
export function loadMtp(
  weights: Weights,
  h: Hyperparameters,
  trunk: { embedding: Matrix; head: Matrix; outputNorm: GPUBuffer },
): Mtp {
  const at = (name: string) => `blk.${h.layers}.nextn.${name}.weight`;
  const table = (name: string, otherwise: Matrix) =>
    weights.has(at(name)) ? weights.table(at(name), h.embedding, h.vocabulary) : otherwise;
  return {
    embedding: table("embed_tokens", trunk.embedding),
    embeddingNorm: weights.norm(at("enorm"), h.embedding),
    hiddenNorm: weights.norm(at("hnorm"), h.embedding),
    join: weights.matrix(2 * h.embedding, [[at("eh_proj"), h.embedding]]),
    block: loadBlock(weights, h, h.layers, "attention"),
    norm: weights.has(at("shared_head_norm"))
      ? weights.norm(at("shared_head_norm"), h.embedding)
      : trunk.outputNorm,
    head: table("shared_head_head", trunk.head),
  };
}

/**
 * Records the MTP block for the rows of the step state (NETWORK.md 4.1): row t takes token t and, of the ring `hidden`,
 * the post-norm row of the position before. Leaves its own post-norm rows in the ring `mtpHidden`.
 */
export function recordMtp(pass: Pass, mtp: Mtp, hidden: GPUBuffer): void {
  const { recorder, h, workspace: w } = pass;
  const size = h.embedding;
  const norm = { size, epsilon: h.epsilon };
  recorder.part = "mtp";
  recordEmbedding(pass, mtp.embedding, w.x);
  recordNorm(pass, {
    ...norm,
    x: { buffer: w.x, stride: size },
    w: mtp.embeddingNorm,
    y: { buffer: w.mtpIn, stride: 2 * size },
  });
  recordNorm(pass, {
    ...norm,
    x: { buffer: hidden, stride: size, row: tapeRows - 1, ring: tapeRows },
    w: mtp.hiddenNorm,
    y: { buffer: w.mtpIn, stride: 2 * size, column: size },
  });
  recordMatmul(pass, mtp.join, { x: w.mtpIn, out: w.x, laneOrder: true });
  recordBlock(pass, mtp.block, h.layers);
  recorder.part = "mtp";
  recordNorm(pass, {
    ...norm,
    x: { buffer: w.x, stride: size },
    w: mtp.norm,
    y: { buffer: w.mtpHidden, stride: size, ring: tapeRows },
  });
}
