import { recordBlock, recordEmbedding, recordMatmul, recordNorm } from "./layers/index.ts";
import type { Model } from "./model.ts";
import type { Pass } from "./pass.ts";
import { tapeRows } from "./sequence.ts";

/** Records the trunk for the rows of the step state: its post-norm rows go to the ring of hidden rows. */
export function recordTrunk(pass: Pass, model: Model): void {
  const { recorder, h, memory, workspace } = pass;
  recorder.part = "embedding";
  recordEmbedding(pass, model.embedding, workspace.x);
  for (const [index, block] of model.blocks.entries()) recordBlock(pass, block, index);
  recorder.part = "head";
  recordNorm(pass, {
    x: { buffer: workspace.x, stride: h.embedding },
    w: model.outputNorm,
    y: { buffer: memory.hidden, stride: h.embedding, ring: tapeRows },
    size: h.embedding,
    epsilon: h.epsilon,
  });
}

/** Records the trunk's logits: of every row from row `skip` on, or with `last` of the pass's last row, as row 0. */
export function recordHead(
  pass: Pass,
  model: Model,
  { logits, last = false, skip = 0 }: { logits: GPUBuffer; last?: boolean; skip?: number },
): void {
  pass.recorder.part = "head";
  recordMatmul(pass, model.head, { x: pass.memory.hidden, xRing: tapeRows, out: logits, last, skip });
}
