import stepShader from "../../shaders/common/step_state.wgsl";
import { constantOf, type Gpu, structOf } from "../gpu/index.ts";

/** Most rows that one pass may have: a piece of a prompt, or a token with its longest draft. The shader says why. */
export const maxRows = constantOf([stepShader], "MAX_ROWS");

/** What a pass works on, as the kernels read it. */
export const stepState = structOf([stepShader], "StepState");

/** Where the recurrent state is before a pass; the fields of `StepState` beside position and rows. */
export interface StepOptions {
  /** State slot from which the recurrence starts. */
  readonly slot?: number;
  /** State slot in which it leaves the state that it keeps. */
  readonly to?: number;
  /** Accepted rows before the first that the state lacks; they are replayed from the tape. */
  readonly replay?: number;
  /** How many tokens may still be sampled before the GPU stops by itself. */
  readonly budget?: number;
}

/** The words of the step state for a pass over `tokens`, the first of them at `position`. */
export function stepWords(
  position: number,
  tokens: readonly number[],
  { slot = 0, to = 0, replay = 0, budget = 0 }: StepOptions = {},
): Uint32Array<ArrayBuffer> {
  if (tokens.length > maxRows) throw new Error(`a pass has at most ${maxRows} rows, got ${tokens.length}`);
  return stepState.write({ position, rows: tokens.length, slot, to, replay, budget, tokens });
}

export const stepBuffer = (gpu: Gpu): GPUBuffer => gpu.upload("step state", stepWords(0, []), "activations");
