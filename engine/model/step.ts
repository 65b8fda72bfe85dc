import type { Gpu } from "../gpu/index.ts";

/** Most rows that one pass may have: the grid on which prompts are cut, and a token with its longest draft. */
export const maxRows = 64;

/** Where the recurrent state stands before a pass; the words of `StepState` beside position and rows. */
export interface StepOptions {
  /** State slot from which the recurrence starts. */
  readonly slot?: number;
  /** State slot in which it leaves the state that it keeps. */
  readonly to?: number;
  /** Rows before the first whose tokens stand, but whose state only the tape has. */
  readonly replay?: number;
  /** How many tokens may still be drawn before the GPU stops by itself. */
  readonly budget?: number;
}

const headerWords = 6;

/** The words of `StepState` in shaders/common/step_state.wgsl: header, then the ids of the rows. */
export function stepWords(
  position: number,
  tokens: readonly number[],
  { slot = 0, to = 0, replay = 0, budget = 0 }: StepOptions = {},
): Uint32Array<ArrayBuffer> {
  if (tokens.length > maxRows) throw new Error(`a pass has at most ${maxRows} rows, got ${tokens.length}`);
  const words = new Uint32Array(headerWords + maxRows);
  words.set([position, tokens.length, slot, to, replay, budget]);
  words.set(tokens, headerWords);
  return words;
}

export const stepBuffer = (gpu: Gpu): GPUBuffer => gpu.upload("step state", stepWords(0, []), "activations");
