import candidateShader from "../../shaders/candidate.wgsl";
import drawShader from "../../shaders/draw.wgsl";
import samplingShader from "../../shaders/sampling.wgsl";
import stepShader from "../../shaders/step_state.wgsl";
import filterShader from "../../shaders/vocabulary_filter.wgsl";
import partialShader from "../../shaders/vocabulary_partial.wgsl";
import { ceilDiv, type Gpu, type PlanRecorder, u32 } from "../gpu/index.ts";

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

/** The words of `Sampling` in shaders/sampling.wgsl. */
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

/** One drawn token, as the record says it. */
export interface Draw {
  readonly token: number;
  readonly position: number;
  /** Natural logarithm of the token's probability before temperature and filters. */
  readonly logProbability: number;
}

export const recordBytes = 16;

/** @returns the draw, or undefined from a pass that found the generation stopped. */
export function readRecord(words: Uint32Array): Draw | undefined {
  if (words[0] === 0) return undefined;
  const logProbability = new Float32Array(words.buffer, words.byteOffset + 12, 1)[0]!;
  if (!Number.isFinite(logProbability)) {
    throw new Error(
      `the logits at position ${words[2]} are not finite: the device computes wrongly or the file is damaged`,
    );
  }
  return { token: words[1]!, position: words[2]!, logProbability };
}

/** Buffers of the draw: settings in, record out. */
export interface DrawBuffers {
  readonly logits: GPUBuffer;
  readonly sampling: GPUBuffer;
  readonly record: GPUBuffer;
  readonly threshold: GPUBuffer;
  readonly partials: GPUBuffer;
}

const chunk = 4096; // ids of the vocabulary that a workgroup looks at

export function createDrawBuffers(gpu: Gpu, vocabulary: number, logits: GPUBuffer): DrawBuffers {
  return {
    logits,
    sampling: gpu.upload("sampling", samplingWords(greedy, []), "activations"),
    record: gpu.buffer("record", recordBytes, "activations"),
    threshold: gpu.buffer("threshold", 4, "activations"),
    partials: gpu.buffer("candidates", ceilDiv(vocabulary, chunk) * 16, "activations"),
  };
}

/** Records the draw from row 0 of the logits; it advances the step state to the pass of the drawn token. */
export function recordDraw(
  recorder: PlanRecorder,
  vocabulary: number,
  { logits, sampling, record, threshold, partials }: DrawBuffers,
  step: GPUBuffer,
  sampled: boolean,
): void {
  const chunks = ceilDiv(vocabulary, chunk);
  const V = u32(vocabulary);
  recorder.part = "draw";
  if (sampled) {
    recorder.dispatch(
      { name: "vocabulary_filter", parts: [stepShader, samplingShader, filterShader], constants: { V } },
      [logits, sampling, threshold, step],
      [1],
    );
  }
  recorder.dispatch(
    {
      name: "vocabulary_partial",
      parts: [stepShader, samplingShader, candidateShader, partialShader],
      constants: { V, CHUNK: u32(chunk), SAMPLED: String(sampled) },
    },
    [logits, sampling, threshold, partials, step],
    [chunks],
  );
  recorder.dispatch(
    {
      name: "draw",
      parts: [stepShader, samplingShader, candidateShader, drawShader],
      constants: { V, CHUNKS: u32(chunks) },
    },
    [logits, partials, sampling, step, record],
    [1],
  );
}
