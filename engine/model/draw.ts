import stepShader from "../../shaders/common/step_state.wgsl";
import acceptShader from "../../shaders/sampling/accept.wgsl";
import candidateShader from "../../shaders/sampling/candidate.wgsl";
import samplingShader from "../../shaders/sampling/sampling.wgsl";
import filterShader from "../../shaders/sampling/vocabulary_filter.wgsl";
import maskShader from "../../shaders/sampling/vocabulary_mask.wgsl";
import partialShader from "../../shaders/sampling/vocabulary_partial.wgsl";
import { UserError } from "../errors/index.ts";
import { ceilDiv, type Gpu, structOf, u32 } from "../gpu/index.ts";
import { recordHead } from "./forward.ts";
import { rowsPerRead } from "./layers/index.ts";
import type { Model } from "./model.ts";
import type { Pass, PassRows } from "./pass.ts";
import { greedy, samplingWords } from "./sampling.ts";
import { maxRows, stepBuffer } from "./step.ts";

/** One sampled token, as in the record. */
export interface Draw {
  readonly token: number;
  readonly position: number;
  /** Natural logarithm of the token's probability before temperature and filters. */
  readonly logProbability: number;
}

/** What a pass sampled: the accepted drafts, and one token more. */
export interface RoundRecord {
  readonly draws: readonly Draw[];
  /** Rows of draft that the pass verified. */
  readonly drafted: number;
  /** The rejected draft, if the generation continues after it. */
  readonly rejected: number | undefined;
  /** The MTP block's confidence in the verified drafts; meaningless for drafts from other sources. */
  readonly confidence: readonly number[];
}

const recordLayout = structOf([stepShader, acceptShader], "Record");
const drawLayout = structOf([stepShader, acceptShader], "Draw");

/** Words of the record before its sample `index`. */
const drawAt = (index: number): number => recordLayout.at("draws") + index * drawLayout.words;

/** Bytes of the record of a pass of `rows` rows. */
export const recordBytes = (rows: number): number => drawAt(rows) * 4;

/** NaN never passes: what was computed is worth nothing. */
export const notFinite = (position: number): UserError =>
  new UserError({
    code: "device-failed",
    problem: `The logits at position ${position} are not finite: the file is damaged, its keys exceed the range of f16, or the device computes wrongly`,
    advice: "try --kv f32, then download the file again, then another device",
  });

/** @returns what was sampled, or undefined from a pass that found the generation stopped */
export function readRecord(words: Uint32Array): RoundRecord | undefined {
  const floats = new Float32Array(words.buffer, words.byteOffset, words.length);
  const field = (name: string): number => words[recordLayout.at(name)]!;
  const count = field("count");
  const position = field("position");
  const drafted = field("drafted");
  const rejected = field("rejected");
  if (count === 0) return undefined;
  const draws: Draw[] = [];
  const confidence: number[] = [];
  for (let i = 0; i < count; i++) {
    const at = drawAt(i);
    const logProbability = floats[at + drawLayout.at("log_probability")]!;
    if (!Number.isFinite(logProbability)) {
      throw notFinite(position + i);
    }
    draws.push({ token: words[at + drawLayout.at("token")]!, position: position + i, logProbability });
    if (i < drafted) confidence.push(floats[at + drawLayout.at("confidence")]!);
  }
  return { draws, drafted, rejected: rejected === 0xffffffff ? undefined : rejected, confidence };
}

/** Rows of logits that exist at a time: those for which a weight of the head is read once (I5). */
const logitRows = rowsPerRead;

/** Buffers of sampling: settings in, record out. */
export interface DrawBuffers {
  /** [V, 16] */
  readonly logits: GPUBuffer;
  readonly sampling: GPUBuffer;
  /** A bit for each id: whether it may be sampled, in passes with a mask. */
  readonly mask: GPUBuffer;
  readonly record: GPUBuffer;
  readonly threshold: GPUBuffer;
  readonly partials: GPUBuffer;
  /** Step state of the MTP block: the tokens that it has not processed. */
  readonly mtp: GPUBuffer;
  /** [MAX_ROWS] of the drafts under way */
  readonly confidence: GPUBuffer;
}

const chunk = 4096; // ids of the vocabulary that a workgroup looks at
/** Invocations of a workgroup over the vocabulary, which is long: as many as every device allows. WGSL knows it as WIDE. */
const wideWorkgroup = 256;

const candidate = structOf([candidateShader], "Candidate");

/** Workgroups, and so candidates, for a vocabulary. */
export const chunksOf = (vocabulary: number): number => ceilDiv(vocabulary, chunk);
/** Bytes of the candidates of one row. */
export const candidateBytes = (vocabulary: number): number => chunksOf(vocabulary) * candidate.bytes;

/** Words of a mask: a bit an id. */
const maskWords = (vocabulary: number): number => ceilDiv(vocabulary, 32);

/** Bytes of logits and candidates for passes of at most `rows` rows. */
export const drawBytes = (vocabulary: number, rows: number): number =>
  Math.min(rows, logitRows) * vocabulary * 4 + candidateBytes(vocabulary) * rows + maskWords(vocabulary) * 4;

/** @param rows most rows of a pass that are sampled: 1 without drafts */
export function createDrawBuffers(gpu: Gpu, vocabulary: number, rows: number): DrawBuffers {
  const buffer = (label: string, bytes: number) => gpu.buffer(label, bytes, "activations");
  return {
    logits: buffer("logits", Math.min(rows, logitRows) * vocabulary * 4),
    sampling: gpu.upload("sampling", samplingWords(greedy, []), "activations"),
    mask: buffer("mask", maskWords(vocabulary) * 4),
    record: buffer("record", recordBytes(maxRows)),
    threshold: buffer("threshold", maxRows * 4),
    partials: buffer("candidates", candidateBytes(vocabulary) * rows),
    mtp: stepBuffer(gpu),
    confidence: buffer("confidence", maxRows * 4),
  };
}

/**
 * Records the best candidate of each chunk of the vocabulary: for `width` rows of logits, which are those of the pass from
 * row `first` on, or with `last` the pass's last one.
 */
export function recordCandidates(
  { recorder, step, width }: PassRows,
  vocabulary: number,
  buffers: Pick<DrawBuffers, "logits" | "sampling" | "threshold" | "partials">,
  { sampled, first = 0, last = false }: { sampled: boolean; first?: number; last?: boolean },
): void {
  const { logits, sampling, threshold, partials } = buffers;
  const constants = { V: u32(vocabulary), FIRST: u32(first), WIDE: u32(wideWorkgroup) };
  if (sampled) {
    recorder.dispatch(
      { name: "vocabulary_filter", parts: [stepShader, samplingShader, filterShader], constants },
      { logits, sampling, threshold, step },
      [1, width],
    );
  }
  recorder.dispatch(
    {
      name: "vocabulary_partial",
      parts: [stepShader, samplingShader, candidateShader, partialShader],
      constants: {
        ...constants,
        CHUNK: u32(chunk),
        CHUNKS: u32(chunksOf(vocabulary)),
        SAMPLED: String(sampled),
        LAST: String(last),
      },
    },
    { logits, sampling, threshold, partials, step },
    [chunksOf(vocabulary), width],
  );
}

export interface DrawOptions {
  readonly sampled: boolean;
  /** Samples only ids of `buffers.mask`: for passes of one row. */
  readonly masked?: boolean;
}

/** Records head, sampling and acceptance; they leave the step state of the pass after the sampled tokens. */
export function recordDraw(
  pass: Pass,
  model: Model,
  buffers: DrawBuffers,
  { sampled, masked = false }: DrawOptions,
): void {
  const { vocabulary } = model.h;
  for (let first = 0; first < pass.width; first += logitRows) {
    const rows = { ...pass, width: Math.min(logitRows, pass.width - first) };
    recordHead(rows, model, { logits: buffers.logits, skip: first });
    pass.recorder.part = "draw";
    if (masked) recordMask(pass, vocabulary, buffers);
    recordCandidates(rows, vocabulary, buffers, { sampled, first });
  }
  recordAccept(pass, vocabulary, buffers);
}

/** Records the mask of one row of logits: only ids in it may be sampled. */
export function recordMask(
  { recorder }: Pick<Pass, "recorder">,
  vocabulary: number,
  { logits, mask }: Pick<DrawBuffers, "logits" | "mask">,
): void {
  recorder.dispatch(
    {
      name: "vocabulary_mask",
      parts: [maskShader],
      constants: { V: u32(vocabulary), WIDE: u32(wideWorkgroup) },
    },
    { logits, mask },
    [ceilDiv(vocabulary, wideWorkgroup)],
  );
}

/** Records the sampling of each row from its candidates, and how many of the pass's drafts are accepted. */
export function recordAccept(
  { recorder, step, stores }: Pick<Pass, "recorder" | "step" | "stores">,
  vocabulary: number,
  { partials, sampling, mtp, confidence, record }: DrawBuffers,
): void {
  recorder.part = "draw";
  recorder.dispatch(
    {
      name: "accept",
      parts: [stepShader, samplingShader, candidateShader, acceptShader],
      constants: {
        V: u32(vocabulary),
        CHUNKS: u32(chunksOf(vocabulary)),
        STORES: u32(stores),
      },
    },
    { partials, sampling, step, mtp, confidence, record },
    [1],
  );
}
