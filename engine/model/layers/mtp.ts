import type { PlanRecorder } from "../../gpu/index.ts";
import type { Hyperparameters } from "../hyperparameters.ts";
import { type SequenceMemory, tapeRows } from "../sequence.ts";
import type { Matrix, Weights } from "../weights.ts";
import type { Workspace } from "../workspace.ts";
import { type Block, loadBlock, recordBlock } from "./block.ts";
import { type Path, recordEmbedding, recordMatmul } from "./matmul.ts";
import { recordNorm } from "./norm.ts";

/** The multi-token-prediction block (model.md 2.7, 4): drafts the token after the next from a token and a hidden row. */
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
    weights.has(at(name)) ? weights.matrix(h.embedding, [[at(name), h.vocabulary]]) : otherwise;
  return {
    embedding: table("embed_tokens", trunk.embedding),
    embeddingNorm: weights.vector(at("enorm"), h.embedding),
    hiddenNorm: weights.vector(at("hnorm"), h.embedding),
    join: weights.matrix(2 * h.embedding, [[at("eh_proj"), h.embedding]]),
    block: loadBlock(weights, h, h.layers, true),
    norm: weights.has(at("shared_head_norm"))
      ? weights.vector(at("shared_head_norm"), h.embedding)
      : trunk.outputNorm,
    head: table("shared_head_head", trunk.head),
  };
}

/**
 * Records the MTP block for the rows of the step state (model.md 4.1): row t takes token t and, of the ring `hidden`,
 * the post-norm row of the position before. Leaves its own post-norm rows in the ring `mtpHidden`.
 */
export function recordMtp(
  recorder: PlanRecorder,
  path: Path,
  h: Hyperparameters,
  mtp: Mtp,
  memory: SequenceMemory,
  w: Workspace,
  hidden: GPUBuffer,
): void {
  const size = h.embedding;
  const norm = { size, epsilon: h.epsilon };
  recorder.part = "mtp";
  recordEmbedding(recorder, path, mtp.embedding, w.step, w.x);
  recordNorm(recorder, path, w.step, {
    ...norm,
    x: { buffer: w.x, stride: size },
    w: mtp.embeddingNorm,
    y: { buffer: w.mtpIn, stride: 2 * size },
  });
  recordNorm(recorder, path, w.step, {
    ...norm,
    x: { buffer: hidden, stride: size, row: tapeRows - 1, ring: tapeRows },
    w: mtp.hiddenNorm,
    y: { buffer: w.mtpIn, stride: 2 * size, column: size },
  });
  recordMatmul(recorder, path, mtp.join, w.step, { x: w.mtpIn, out: w.x });
  recordBlock(recorder, path, h, mtp.block, h.layers, memory, w, 0);
  recorder.part = "mtp";
  recordNorm(recorder, path, w.step, {
    ...norm,
    x: { buffer: w.x, stride: size },
    w: mtp.norm,
    y: { buffer: w.mtpHidden, stride: size, ring: tapeRows },
  });
}
