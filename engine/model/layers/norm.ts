import laneOrderShader from "../../../shaders/common/lane_order.wgsl";
import gainShader from "../../../shaders/common/norm_gain.wgsl";
import normShader from "../../../shaders/common/rms_norm.wgsl";
import squaresShader from "../../../shaders/common/squares.wgsl";
import stepShader from "../../../shaders/common/step_state.wgsl";
import { f32, u32 } from "../../gpu/index.ts";
import { isNarrow, type PassRows } from "../pass.ts";
import type { ProductInput } from "./matmul.ts";
import { lanesFor } from "./product_variants.ts";

/** Rows of `size` floats in lane order inside a buffer: their distance, and the first one, in floats and rows. */
export interface Rows {
  readonly buffer: GPUBuffer;
  readonly stride: number;
  readonly row?: number;
  readonly column?: number;
  /** Row t is at (position + row + t) mod ring. */
  readonly ring?: number;
}

/** Records y_t = rms(x_t) ∘ w (NETWORK.md 3.1). */
export function recordNorm(
  { recorder, step, width }: PassRows,
  {
    x,
    w,
    y,
    size,
    epsilon,
  }: { x: Omit<Rows, "column">; w: GPUBuffer; y: Omit<Rows, "row">; size: number; epsilon: number },
): void {
  const source = {
    name: "rms_norm",
    parts: [stepShader, laneOrderShader, normShader],
    constants: {
      K: u32(size),
      EPS: f32(epsilon),
      X_STRIDE: u32(x.stride),
      X_ROW: u32(x.row ?? 0),
      X_RING: u32(x.ring ?? 0),
      Y_STRIDE: u32(y.stride),
      Y_COLUMN: u32(y.column ?? 0),
      Y_RING: u32(y.ring ?? 0),
    },
  };
  recorder.dispatch(source, { x: x.buffer, w, y: y.buffer, step }, [1, width]);
}

/**
 * Records what products are to read as rms(x_t) ∘ w, and returns it. Whether a dispatch of its own makes the norm, or the products
 * themselves, does not change a bit of their results (I3).
 * @param made where a dispatch of its own puts rows [size, T] and their scales [T]
 */
export function recordNormed(
  pass: PassRows,
  { x, w, size, epsilon }: { x: GPUBuffer; w: GPUBuffer; size: number; epsilon: number },
  made: { normed: GPUBuffer; scales: GPUBuffer },
): ProductInput {
  if (isNarrow(pass)) return { x, norm: { w, epsilon } };
  const { recorder, step, width } = pass;
  const { normed, scales } = made;
  recorder.dispatch(
    {
      name: "norm_gain",
      parts: [stepShader, laneOrderShader, squaresShader, gainShader],
      constants: { K: u32(size), EPS: f32(epsilon), LANES: u32(lanesFor(recorder.gpu, size)) },
    },
    { x, w, y: normed, scales, step },
    [1, width],
  );
  return { x: normed, scales };
}
