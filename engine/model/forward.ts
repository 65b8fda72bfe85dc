import type { PlanRecorder } from "../gpu/index.ts";
import { type Path, recordBlock, recordEmbedding, recordMatmul, recordNorm } from "./layers/index.ts";
import type { Model } from "./model.ts";
import { type SequenceMemory, tapeRows } from "./sequence.ts";
import type { Workspace } from "./workspace.ts";

/**
 * Records the trunk for the rows of the step state: its post-norm rows go to the ring of hidden rows.
 * @param stores what the delta nets leave of the state, as in gated_delta_net.wgsl: 0 for the tape, or K snapshots
 */
export function recordTrunk(
  recorder: PlanRecorder,
  path: Path,
  model: Model,
  memory: SequenceMemory,
  w: Workspace,
  stores: number,
): void {
  const { h } = model;
  recorder.part = "embedding";
  recordEmbedding(recorder, path, model.embedding, w.step, w.x);
  for (const [index, block] of model.blocks.entries()) {
    recordBlock(recorder, path, h, block, index, memory, w, stores);
  }
  recorder.part = "head";
  recordNorm(recorder, path, w.step, {
    x: { buffer: w.x, stride: h.embedding },
    w: model.outputNorm,
    y: { buffer: memory.hidden, stride: h.embedding, ring: tapeRows },
    size: h.embedding,
    epsilon: h.epsilon,
  });
}

/** Records the trunk's logits: of every row from row `skip` on, or with `last` of the pass's last row, as row 0. */
export function recordHead(
  recorder: PlanRecorder,
  path: Path,
  model: Model,
  { hidden }: SequenceMemory,
  w: Workspace,
  { logits, last = false, skip = 0 }: { logits: GPUBuffer; last?: boolean; skip?: number },
): void {
  recorder.part = "head";
  recordMatmul(recorder, path, model.head, w.step, {
    x: hidden,
    xRing: tapeRows,
    out: logits,
    last,
    skip,
  });
}
