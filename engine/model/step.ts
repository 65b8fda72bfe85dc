import type { Gpu } from "../gpu/index.ts";

/** Most rows that one pass may have: the grid on which prompts are cut, and the tape's longest draft. */
export const maxRows = 64;

/**
 * The words of `StepState` in shaders/step_state.wgsl: position, rows, slot, budget, then the ids of the rows.
 * @param slot state slot from which the recurrence starts
 * @param budget how many tokens may still be drawn before the GPU stops by itself
 */
export function stepWords(
  position: number,
  tokens: readonly number[],
  { slot = 0, budget = 0 }: { slot?: number; budget?: number } = {},
): Uint32Array<ArrayBuffer> {
  if (tokens.length > maxRows) throw new Error(`a pass has at most ${maxRows} rows, got ${tokens.length}`);
  const words = new Uint32Array(4 + maxRows);
  words.set([position, tokens.length, slot, budget]);
  words.set(tokens, 4);
  return words;
}

export const stepBuffer = (gpu: Gpu): GPUBuffer => gpu.upload("step state", stepWords(0, []), "activations");
