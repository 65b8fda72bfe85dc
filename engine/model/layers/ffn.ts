import stepShader from "../../../shaders/common/step_state.wgsl";
import swigluShader from "../../../shaders/common/swiglu.wgsl";
import { ceilDiv, type PlanRecorder, u32 } from "../../gpu/index.ts";
import type { Matrix, Weights } from "../weights.ts";
import type { Workspace } from "../workspace.ts";
import { type MatmulOptions, type Path, recordMatmul } from "./matmul.ts";

/** Weights of a dense feed-forward network (model.md 2.5). */
export interface FeedForward {
  readonly kind: "dense";
  /** gate, then up. */
  readonly gateUp: Matrix;
  readonly down: Matrix;
}

/** @param suffix of the tensors' names, such as `_shexp` */
export function loadFeedForward(
  weights: Weights,
  embedding: number,
  width: number,
  block: string,
  suffix = "",
): FeedForward {
  return {
    kind: "dense",
    gateUp: weights.matrix(embedding, [
      [`${block}ffn_gate${suffix}.weight`, width],
      [`${block}ffn_up${suffix}.weight`, width],
    ]),
    down: weights.matrix(width, [[`${block}ffn_down${suffix}.weight`, embedding]]),
  };
}

/** Records down(silu(gate·normed) ∘ up·normed) (model.md 3.6), as `result` says where. */
export function recordFeedForward(
  recorder: PlanRecorder,
  path: Path,
  layer: FeedForward,
  w: Workspace,
  result: Pick<MatmulOptions, "out" | "accumulate">,
): void {
  recordMatmul(recorder, path, layer.gateUp, w.step, { x: w.normed, out: w.gateUp });
  recordSwiglu(recorder, path, layer.down.columns, w.gateUp, w.hidden, w.step);
  recordMatmul(recorder, path, layer.down, w.step, { x: w.hidden, ...result });
}

/** Records y = silu(gate) ∘ up; x is [2·width, per·T] and y [width, per·T]. */
export function recordSwiglu(
  recorder: PlanRecorder,
  path: Path,
  width: number,
  x: GPUBuffer,
  y: GPUBuffer,
  step: GPUBuffer,
  per = 1,
): void {
  recorder.dispatch(
    {
      name: "swiglu",
      parts: [stepShader, swigluShader],
      constants: { F: u32(width), PER: u32(per) },
    },
    [x, y, step],
    [ceilDiv(width, 256), per * path.width],
  );
}
