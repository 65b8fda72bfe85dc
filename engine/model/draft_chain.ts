import stepShader from "../../shaders/common/step_state.wgsl";
import draftShader from "../../shaders/draft/draft.wgsl";
import settingsShader from "../../shaders/draft/draft_settings.wgsl";
import candidateShader from "../../shaders/sampling/candidate.wgsl";
import { type Gpu, type PlanRecorder, u32 } from "../gpu/index.ts";
import { candidateBytes, chunksOf, type DrawBuffers, recordCandidates } from "./draw.ts";
import { recordDraftHead, recordMtp } from "./layers/index.ts";
import type { Model } from "./model.ts";
import { type SequenceMemory, tapeRows } from "./sequence.ts";
import { maxRows } from "./step.ts";
import type { Workspace } from "./workspace.ts";

/** What bounds a chain of MTP drafts. */
export interface DraftSettings {
  /** Tokens that the chain may draft. */
  readonly most: number;
  /** By depth: the least probability of being reached that is worth a row. Missing ones are 0. */
  readonly cut: readonly number[];
  /** By sixteenth of confidence: how often such a draft is accepted. */
  readonly acceptance: readonly number[];
  /** Ids that follow the chain when its first `agree` drafts equal theirs. */
  readonly tail?: {
    readonly ids: readonly number[];
    readonly confidence: readonly number[];
    readonly agree: number;
  };
}

export const acceptanceBuckets = 16;

/** The words of `DraftSettings` in shaders/draft/draft_settings.wgsl. */
export function draftWords({ most, cut, acceptance, tail }: DraftSettings): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(4 + maxRows + acceptanceBuckets + 2 * maxRows);
  const floats = new Float32Array(words.buffer);
  const count = Math.min(maxRows, tail?.ids.length ?? 0);
  words.set([most, count > 0 ? tail!.agree : 0, count]);
  floats.set(cut.slice(0, maxRows), 4);
  floats.set(acceptance, 4 + maxRows);
  words.set(tail?.ids.slice(0, count) ?? [], 4 + maxRows + acceptanceBuckets);
  floats.set(tail?.confidence.slice(0, count) ?? [], 4 + 2 * maxRows + acceptanceBuckets);
  return words;
}

/** Buffers of the MTP chain. */
export interface DraftBuffers {
  readonly settings: GPUBuffer;
  /** [M] u32: the ids that drafts are chosen from; unused places hold 2³² − 1. */
  readonly ids: GPUBuffer;
  /** [M] */
  readonly logits: GPUBuffer;
  readonly partials: GPUBuffer;
}

/** Ids that drafts are chosen from in any text: the lowest, which byte-pair encoding made of the most frequent pairs. */
const frequentIds = 32_768;
/** And room for those of the document at hand, and the special ones. */
const ownIds = 4096;

/** How many ids of a vocabulary the draft head scores. */
export const draftHeadSize = (vocabulary: number): number => Math.min(vocabulary, frequentIds + ownIds);

export function createDraftBuffers(
  gpu: Gpu,
  vocabulary: number,
  size = draftHeadSize(vocabulary),
): DraftBuffers {
  const ids = new Uint32Array(size).fill(0xffffffff);
  return {
    settings: gpu.upload("draft settings", draftWords({ most: 0, cut: [], acceptance: [] }), "activations"),
    ids: gpu.upload("draft ids", ids, "activations"),
    logits: gpu.buffer("draft logits", size * 4, "activations"),
    partials: gpu.buffer("draft candidates", candidateBytes(size), "activations"),
  };
}

/**
 * Chooses what the draft head scores: the special ids, those of the document, the newest first, and the most frequent.
 * Verification always scores the whole vocabulary, so this changes speed and never text.
 * @param own ids of the document, in order
 */
export function draftIds(
  vocabulary: number,
  size: number,
  special: Iterable<number>,
  own: readonly number[],
): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(size).fill(0xffffffff);
  const frequent = size >= vocabulary ? vocabulary : Math.max(0, size - ownIds);
  for (let id = 0; id < frequent; id++) words[id] = id;
  const others = new Set<number>();
  const add = (id: number) => {
    if (id >= frequent && id < vocabulary && others.size < size - frequent) others.add(id);
  };
  for (const id of special) add(id);
  for (let i = own.length - 1; i >= 0; i--) add(own[i]!);
  for (let id = frequent; others.size < size - frequent && id < vocabulary; id++) add(id);
  words.set(Uint32Array.from(others).sort(), frequent);
  return words;
}

/**
 * Records what the MTP block does before a pass: it sees the tokens drawn last, up to `width` of them, beside the
 * trunk's hidden rows, and then drafts `links` tokens, each from the one before, without a visit to the CPU. With 0
 * links it only sees the tokens.
 */
export function recordDraftChain(
  recorder: PlanRecorder,
  model: Model,
  memory: SequenceMemory,
  w: Workspace,
  draw: DrawBuffers,
  draft: DraftBuffers,
  { width, links }: { width: number; links: number },
): void {
  const { h } = model;
  const mtp = model.mtp!;
  const step = draw.mtp;
  const own = { ...w, step };
  recordMtp(recorder, { kind: "rows", width }, h, mtp, memory, own, memory.hidden);
  for (let link = 0; link < links; link++) {
    if (link > 0) recordMtp(recorder, { kind: "rows", width: 1 }, h, mtp, memory, own, w.mtpHidden);
    recordDraftHead(recorder, mtp.head, step, {
      x: w.mtpHidden,
      xRing: tapeRows,
      ids: draft.ids,
      out: draft.logits,
    });
    recordDraftStep(recorder, w.step, step, draw, draft);
  }
}

/** Records the choice of one draft from the draft head's logits, and the chain's next step or its end. */
export function recordDraftStep(
  recorder: PlanRecorder,
  step: GPUBuffer,
  mtp: GPUBuffer,
  { sampling, threshold, confidence }: Pick<DrawBuffers, "sampling" | "threshold" | "confidence">,
  { settings, ids, logits, partials }: DraftBuffers,
): void {
  const size = ids.size / 4;
  const options = { sampled: false, last: true, first: 0, rows: 1 };
  recordCandidates(recorder, size, { logits, sampling, threshold, partials }, mtp, options);
  recorder.dispatch(
    {
      name: "draft",
      parts: [stepShader, candidateShader, settingsShader, draftShader],
      constants: { V: u32(size), CHUNKS: u32(chunksOf(size)) },
    },
    [partials, ids, settings, step, mtp, confidence],
    [1],
  );
}
