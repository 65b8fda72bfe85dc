import normShader from "../../../shaders/common/rms_norm.wgsl";
import stepShader from "../../../shaders/common/step_state.wgsl";
import { f32, u32 } from "../../gpu/index.ts";
import type { PassRows } from "../pass.ts";

/** Rows of `size` floats inside a buffer: their distance, and the first one, in floats and rows. */
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
    parts: [stepShader, normShader],
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
