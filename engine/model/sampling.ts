import samplingShader from "../../shaders/sampling/sampling.wgsl";
import { structOf } from "../gpu/index.ts";

/** How tokens are sampled. Filters act on the probabilities before the temperature, in llama.cpp's order. */
export interface Sampling {
  /** 0: greedy, and nothing else here matters. */
  readonly temperature: number;
  /** 0: off. */
  readonly topK: number;
  /** 1: off. */
  readonly topP: number;
  /** 0: off. */
  readonly minP: number;
  /** With the position, all that a sample depends on. */
  readonly seed: number;
}

export const greedy: Sampling = { temperature: 0, topK: 0, topP: 1, minP: 0, seed: 0 };

const layout = structOf([samplingShader], "Sampling");

/** Ids that can end generation on the GPU; more are left to the reader of the records. */
export const maxEndIds = layout.lengthOf("end_ids");

const LEAST_TEMPERATURE = 1e-30;

/** The words of `Sampling` in shaders/sampling/sampling.wgsl. */
export function samplingWords(
  { temperature, topK, topP, minP, seed }: Sampling,
  endIds: readonly number[],
): Uint32Array<ArrayBuffer> {
  const ends = endIds.slice(0, maxEndIds);
  return layout.write({
    seed: seed >>> 0,
    top_k: topK,
    // Below this its inverse is no f32; the likeliest token is all that is left.
    temperature: temperature < LEAST_TEMPERATURE ? 0 : temperature,
    top_p: topP,
    min_p: minP,
    end_count: ends.length,
    end_ids: ends,
  });
}
