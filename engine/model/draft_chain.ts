import stepShader from "../../shaders/common/step_state.wgsl";
import draftShader from "../../shaders/draft/draft.wgsl";
import settingsShader from "../../shaders/draft/draft_settings.wgsl";
import candidateShader from "../../shaders/sampling/candidate.wgsl";
import { type Gpu, structOf, u32 } from "../gpu/index.ts";
import { candidateBytes, chunksOf, type DrawBuffers, recordCandidates } from "./draw.ts";
import { recordDraftHead, recordMtp } from "./layers/index.ts";
import type { Model } from "./model.ts";
import type { Pass, PassRows } from "./pass.ts";
import { tapeRows } from "./sequence.ts";
import { maxRows } from "./step.ts";

/** What bounds a chain of MTP drafts. */
export interface DraftSettings {
  /** Tokens that the chain may draft. */
  readonly most: number;
  /** By depth: minimum cumulative acceptance probability at which another draft pays. Missing ones are 0. */
  readonly cut: readonly number[];
  /** Acceptance rate by bucket of confidence. */
  readonly acceptance: readonly number[];
  /** Ids that follow the chain when its first `agree` drafts equal theirs. */
  readonly tail?: {
    readonly ids: readonly number[];
    readonly confidence: readonly number[];
    readonly agree: number;
  };
}

const layout = structOf([stepShader, settingsShader], "DraftSettings");

/** Buckets of confidence from 0 to 1, each with its own acceptance rate. */
export const acceptanceBuckets = layout.lengthOf("acceptance");

/** The words of `DraftSettings` in shaders/draft/draft_settings.wgsl. */
export function draftWords({ most, cut, acceptance, tail }: DraftSettings): Uint32Array<ArrayBuffer> {
  const count = Math.min(maxRows, tail?.ids.length ?? 0);
  return layout.write({
    most,
    agree: count > 0 ? tail!.agree : 0,
    tail_count: count,
    cut: cut.slice(0, maxRows),
    acceptance,
    tail: tail?.ids.slice(0, count) ?? [],
    tail_confidence: tail?.confidence.slice(0, count) ?? [],
  });
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
/** Further places, for ids of the current document and the special ones. */
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
 * Records the MTP block's work before a pass: it processes the tokens sampled last, up to `width` of them, with the trunk's
 * hidden rows. Then it drafts `links` tokens, each from the one before, without a round trip to the CPU. With 0 links it only
 * processes the tokens.
 * @param pass the coming pass, whose step state takes the drafts; the model must have the MTP block
 */
export function recordDraftChain(
  pass: Pass,
  { mtp }: Model,
  draw: DrawBuffers,
  draft: DraftBuffers,
  { width, links }: { width: number; links: number },
): void {
  const { memory, workspace } = pass;
  const own: Pass = { ...pass, kind: "rows", width, step: draw.mtp };
  recordMtp(own, mtp!, memory.hidden);
  for (let link = 0; link < links; link++) {
    if (link > 0) recordMtp({ ...own, width: 1 }, mtp!, workspace.mtpHidden);
    recordDraftHead(own, mtp!.head, {
      x: workspace.mtpHidden,
      xRing: tapeRows,
      ids: draft.ids,
      out: draft.logits,
    });
    recordDraftStep(pass, draw, draft);
  }
}

/** Records the choice of one draft from the draft head's logits, and the chain's next step or its end. */
export function recordDraftStep(
  pass: PassRows,
  {
    mtp,
    sampling,
    threshold,
    confidence,
  }: Pick<DrawBuffers, "mtp" | "sampling" | "threshold" | "confidence">,
  { settings, ids, logits, partials }: DraftBuffers,
): void {
  const { recorder, step } = pass;
  const size = ids.size / 4;
  const row = { ...pass, step: mtp, width: 1 };
  recordCandidates(row, size, { logits, sampling, threshold, partials }, { sampled: false, last: true });
  recorder.dispatch(
    {
      name: "draft",
      parts: [stepShader, candidateShader, settingsShader, draftShader],
      constants: { V: u32(size), CHUNKS: u32(chunksOf(size)) },
    },
    { partials, ids, settings, step, mtp, confidence },
    [1],
  );
}
