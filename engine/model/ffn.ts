import stepShader from "../../shaders/step_state.wgsl";
import swigluShader from "../../shaders/swiglu.wgsl";
import { ceilDiv, type PlanRecorder, u32 } from "../gpu/index.ts";
import type { Hyperparameters } from "./hyperparameters.ts";
import { type Path, recordMatmul } from "./matmul.ts";
import type { Matrix, Weights } from "./weights.ts";
import type { Workspace } from "./workspace.ts";

/** Weights of a dense feed-forward network (model.md 2.5). */
export interface FeedForward {
  readonly kind: "dense";
  /** gate, then up. */
  readonly gateUp: Matrix;
  readonly down: Matrix;
}

export function loadFeedForward(weights: Weights, h: Hyperparameters, block: string): FeedForward {
  return {
    kind: "dense",
    gateUp: weights.matrix(h.embedding, [
      [`${block}ffn_gate.weight`, h.feedForward],
      [`${block}ffn_up.weight`, h.feedForward],
    ]),
    down: weights.matrix(h.feedForward, [[`${block}ffn_down.weight`, h.embedding]]),
  };
}

/** Records x += down(silu(gate·normed) ∘ up·normed) (model.md 3.6). */
export function recordFeedForward(
  recorder: PlanRecorder,
  path: Path,
  h: Hyperparameters,
  layer: FeedForward,
  w: Workspace,
): void {
  recordMatmul(recorder, path, layer.gateUp, w.step, { x: w.normed, out: w.gateUp });
  recorder.dispatch(
    { name: "swiglu", parts: [stepShader, swigluShader], constants: { F: u32(h.feedForward) } },
    [w.gateUp, w.hidden, w.step],
    [ceilDiv(h.feedForward, 256), path.width],
  );
  recordMatmul(recorder, path, layer.down, w.step, { x: w.hidden, out: w.x, accumulate: true });
}
