import laneOrderShader from "../../../shaders/common/lane_order.wgsl";
import stepShader from "../../../shaders/common/step_state.wgsl";
import swigluShader from "../../../shaders/common/swiglu.wgsl";
import { ceilDiv, u32, workgroupSize } from "../../gpu/index.ts";
import type { Pass, PassRows } from "../pass.ts";
import { type Matrix, scaled, type Weights } from "../weights.ts";
import { canGate, type MatmulOptions, type ProductInput, recordMatmul } from "./matmul.ts";

/** Weights of a dense feed-forward network (NETWORK.md 2.5). */
export interface FeedForward {
  readonly kind: "dense";
  /** gate, then up. */
  readonly gateUp: Matrix;
  readonly down: Matrix;
}

/**
 * @param suffix of the tensors' names, for example `_shexp`
 * @param scale of what the network returns
 */
export function loadFeedForward(
  weights: Weights,
  embedding: number,
  width: number,
  block: string,
  { suffix = "", scale = 1 }: { suffix?: string; scale?: number | undefined } = {},
): FeedForward {
  return {
    kind: "dense",
    gateUp: weights.matrix(embedding, [
      [`${block}ffn_gate${suffix}.weight`, width],
      [`${block}ffn_up${suffix}.weight`, width],
    ]),
    down: scaled(weights.matrix(width, [[`${block}ffn_down${suffix}.weight`, embedding]]), scale),
  };
}

/** Records down(silu(gate·input) ∘ up·input) (NETWORK.md 3.6), as `result` says where. */
export function recordFeedForward(
  pass: Pick<Pass, keyof PassRows | "workspace">,
  layer: FeedForward,
  input: ProductInput,
  result: Pick<MatmulOptions, "out" | "accumulate">,
): void {
  const { workspace: w } = pass;
  if (pass.kind === "rows" && canGate(layer.gateUp)) {
    recordMatmul(pass, layer.gateUp, { ...input, out: w.hidden, laneOrder: true, gated: true });
  } else {
    recordMatmul(pass, layer.gateUp, { ...input, out: w.gateUp });
    recordSwiglu(pass, layer.down.columns, { x: w.gateUp, y: w.hidden });
  }
  recordMatmul(pass, layer.down, { x: w.hidden, ...result, laneOrder: true });
}

/** Records y = silu(gate) ∘ up; x is [2·size, per·T] and y [size, per·T], in lane order. */
export function recordSwiglu(
  { recorder, step, width }: PassRows,
  size: number,
  { x, y, per = 1 }: { x: GPUBuffer; y: GPUBuffer; per?: number },
): void {
  recorder.dispatch(
    {
      name: "swiglu",
      parts: [stepShader, laneOrderShader, swigluShader],
      constants: { F: u32(size), PER: u32(per) },
    },
    { x, y, step },
    [ceilDiv(size, 4 * workgroupSize), per * width],
  );
}
