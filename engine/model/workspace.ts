import { type Gpu, workgroupSize } from "../gpu/index.ts";
import type { Hyperparameters } from "./hyperparameters.ts";
import { tapeRows } from "./sequence.ts";
import { maxRows, stepBuffer } from "./step.ts";

/**
 * The buffers that the layers of a pass hand on, one each, since Dawn orders dispatches by whole buffers. All layers
 * share them; rows are tokens of the pass, `maxRows` of them.
 */
export interface Workspace {
  readonly step: GPUBuffer;
  /** [E, T] the residual stream, in lane order, as are the rows below that say so */
  readonly x: GPUBuffer;
  /** [E, T] normalised input of a mixer or FFN, in lane order */
  readonly normed: GPUBuffer;
  /** [T] of each row of `normed`, where it is yet to be multiplied by it */
  readonly scales: GPUBuffer;
  /** [*, T] projections of a mixer: q|gate, k, v; or z, α, β */
  readonly proj: GPUBuffer;
  /** [D, HQ, T] rotated queries */
  readonly query: GPUBuffer;
  /** [D + 4, SPLITS, HQ, T] */
  readonly partials: GPUBuffer;
  /** [C, T] q, k and v heads of a delta net, as the chunked form reads them */
  readonly mixed: GPUBuffer;
  /** [2, MAX_ROWS, MAX_ROWS, HV] */
  readonly grams: GPUBuffer;
  /** [D, HV, T] what the delta rule returns, where its norm is a dispatch of its own */
  readonly delta: GPUBuffer;
  /** [*, T] what a mixer hands to its output projection, in lane order */
  readonly mixerOut: GPUBuffer;
  /** [2F, T] gate, up */
  readonly gateUp: GPUBuffer;
  /** [F, T] in lane order */
  readonly hidden: GPUBuffer;
  /** [COUNT + 1, T] the router's logits, and the one of the shared expert's gate */
  readonly routes: GPUBuffer;
  /** Where rows go: experts of each row, and rows of each expert (shaders/experts/routing.wgsl) */
  readonly routing: GPUBuffer;
  /** [2F, USED, T] gate, up of a row's experts */
  readonly expertGateUp: GPUBuffer;
  /** [F, USED, T], then [F, T] of the shared expert, where it is one with the others; in lane order */
  readonly expertHidden: GPUBuffer;
  /** [E, USED, T] what each expert of a row gives, in lane order */
  readonly expertOut: GPUBuffer;
  /** [E, T] what the shared expert gives, in lane order */
  readonly sharedOut: GPUBuffer;
  /** [E, RING] the MTP block's rows after its norm, by position modulo the ring, as the next link of a chain takes them; in lane order */
  readonly mtpHidden: GPUBuffer;
  /** [2E, T] embedding and hidden row, normalised, of the MTP block, in lane order */
  readonly mtpIn: GPUBuffer;
  /** Positions of one attention split, and how many splits the context has. */
  readonly split: number;
  readonly splits: number;
  readonly free: () => void;
}

/** Positions of an attention split, at least: one for each invocation of its workgroup. */
const leastSplit = workgroupSize;
const mostSplits = 32;

/** Splits of 64 positions or more, and 32 of them at most: enough workgroups, and partials that stay small. */
function splitsOf(context: number): { split: number; splits: number } {
  let split = leastSplit;
  while (context / split > mostSplits) split *= 2;
  return { split, splits: Math.ceil(context / split) };
}

/** Most experts to which this number of rows can be routed. */
export const expertSlots = (experts: { count: number; used: number }, rows: number): number =>
  Math.min(experts.count, experts.used * rows);

/** Bytes of `Routing` in shaders/experts/routing.wgsl: groups, picks, pairs and a number. */
const routingBytes = (experts: { count: number; used: number }): number =>
  16 * expertSlots(experts, maxRows) + 8 * (experts.used + 1) * maxRows + 4 * experts.used * maxRows + 4;

/** Bytes of each buffer of a workspace. */
export function workspaceBytes(h: Hyperparameters, context: number): Record<WorkspaceBuffer, number> {
  const { heads, kvHeads, headSize, gated } = h.attention;
  const { valueHeads, channels, headSize: deltaSize } = h.delta;
  const experts = h.experts ?? { count: 0, used: 0, feedForward: 0, shared: 0 };
  const { count, used, feedForward, shared } = experts;
  const { splits } = splitsOf(context);
  const row = maxRows * 4;
  const attentionProj = ((gated ? 2 : 1) * heads + 2 * kvHeads) * headSize;
  const deltaProj = valueHeads * deltaSize + 2 * valueHeads;
  const hasMtp = h.mtpLayers > 0 ? 1 : 0;
  return {
    x: h.embedding * row,
    normed: h.embedding * row,
    scales: row,
    proj: Math.max(attentionProj, deltaProj) * row,
    query: heads * headSize * row,
    partials: (headSize + 4) * splits * heads * row,
    mixed: channels * row,
    grams: 2 * maxRows * maxRows * valueHeads * 4,
    delta: valueHeads * deltaSize * row,
    mixerOut: Math.max(heads * headSize, valueHeads * deltaSize) * row,
    gateUp: 2 * h.feedForward * row,
    hidden: h.feedForward * row,
    routes: count && (count + 1) * row,
    routing: count && routingBytes(experts),
    expertGateUp: 2 * feedForward * used * row,
    expertHidden: feedForward * (used + Number(shared === feedForward)) * row,
    expertOut: h.embedding * used * row,
    sharedOut: shared && h.embedding * row,
    mtpHidden: hasMtp * h.embedding * tapeRows * 4,
    mtpIn: hasMtp * 2 * h.embedding * row,
  };
}

type WorkspaceBuffer = Exclude<keyof Workspace, "step" | "split" | "splits" | "free">;

export function createWorkspace(gpu: Gpu, h: Hyperparameters, context: number): Workspace {
  const entries = Object.entries(workspaceBytes(h, context)).map(
    ([name, bytes]) => [name, gpu.buffer(name, bytes, "activations")] as const,
  );
  const step = stepBuffer(gpu);
  const buffers = Object.fromEntries(entries) as Record<WorkspaceBuffer, GPUBuffer>;
  return {
    ...buffers,
    ...splitsOf(context),
    step,
    free: () => {
      for (const buffer of [step, ...Object.values(buffers)]) gpu.free(buffer);
    },
  };
}
