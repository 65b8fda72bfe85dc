/** How tokens are drawn. Filters act on the probabilities before the temperature, in llama.cpp's order. */
export interface Sampling {
  /** 0: greedy, and nothing else here matters. */
  readonly temperature: number;
  /** 0: off. */
  readonly topK: number;
  /** 1: off. */
  readonly topP: number;
  /** 0: off. */
  readonly minP: number;
  /** With the position, all that a draw depends on. */
  readonly seed: number;
}

export const greedy: Sampling = { temperature: 0, topK: 0, topP: 1, minP: 0, seed: 0 };

/** Ids that can end generation on the GPU; more are left to the reader of the records. */
export const maxEndIds = 16;

/** The words of `Sampling` in shaders/sampling/sampling.wgsl. */
export function samplingWords(s: Sampling, endIds: readonly number[]): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(6 + maxEndIds);
  const floats = new Float32Array(words.buffer);
  const ends = endIds.slice(0, maxEndIds);
  words[0] = s.seed >>> 0;
  words[1] = s.topK;
  floats[2] = s.temperature;
  floats[3] = s.topP;
  floats[4] = s.minP;
  words[5] = ends.length;
  words.set(ends, 6);
  return words;
}
