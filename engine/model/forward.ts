import carryShader from "../../shaders/carry_row.wgsl";
import stepShader from "../../shaders/step_state.wgsl";
import { type PlanRecorder, u32 } from "../gpu/index.ts";
import { recordBlock } from "./block.ts";
import type { Hyperparameters } from "./hyperparameters.ts";
import { type Path, recordEmbedding, recordMatmul } from "./matmul.ts";
import type { Model } from "./model.ts";
import { recordNorm } from "./norm.ts";
import type { SequenceMemory } from "./sequence.ts";
import type { Workspace } from "./workspace.ts";

/**
 * Records the trunk for the rows of the step state: post-norm rows to `trunkOut` rows 1…T, and logits where asked for
 * (of every row, or with `last` of the last one, as row 0).
 */
export function recordTrunk(
  recorder: PlanRecorder,
  path: Path,
  model: Model,
  memory: SequenceMemory,
  w: Workspace,
  { logits, last, snapshots = 1 }: { logits?: GPUBuffer | undefined; last?: boolean; snapshots?: number },
): void {
  const { h } = model;
  recorder.part = "embedding";
  recordEmbedding(recorder, path, model.embedding, w.step, w.x);
  for (const [index, block] of model.blocks.entries()) {
    recordBlock(recorder, path, h, block, index, memory, w, snapshots);
  }
  recorder.part = "head";
  recordNorm(recorder, path, w.step, {
    x: { buffer: w.x, stride: h.embedding },
    w: model.outputNorm,
    y: { buffer: w.trunkOut, stride: h.embedding, row: 1 },
    size: h.embedding,
    epsilon: h.epsilon,
  });
  if (logits) {
    recordMatmul(recorder, path, model.head, w.step, {
      x: w.trunkOut,
      xRow: 1,
      out: logits,
      last: last ?? false,
    });
  }
}

/** Records that the pass's last post-norm row becomes row 0, for the MTP rows of the next pass. */
export function recordCarry(recorder: PlanRecorder, h: Hyperparameters, w: Workspace): void {
  recorder.part = "mtp";
  const source = { name: "carry_row", parts: [stepShader, carryShader], constants: { K: u32(h.embedding) } };
  recorder.dispatch(source, [w.trunkOut, w.step], [1]);
}
