import type { Costs, Decision, DraftMode } from "../draft/index.ts";
import type { Gpu } from "../gpu/index.ts";
import type { Sampling } from "../model/index.ts";
import type { EvaluatorOptions } from "./evaluator.ts";

export interface DraftOptions {
  readonly mode: DraftMode;
  /** Most tokens of a draft. Default: what the rollback strategy can undo. */
  readonly longest?: number | undefined;
  /** Ids after which a line of text begins, for the n-grams. */
  readonly isLineEnd?: ((id: number) => boolean) | undefined;
  /** Ids that the draft head always scores, beside the frequent ones and the text's own. */
  readonly specialIds?: readonly number[] | undefined;
  /** Instead of measured ones. */
  readonly costs?: Costs | undefined;
  /** Ids that the draft head scores; default: by the vocabulary. */
  readonly headSize?: number | undefined;
}

/** Whether drafts could pay on this device at all: on a CPU each row costs as much as the first, so there only by demand. */
export const draftsPay = (gpu: Gpu, mode: DraftMode): boolean =>
  mode !== "off" && !(mode === "auto" && gpu.software);

export const defaultSnapshotBytes = 512 * 2 ** 20;

export interface SessionOptions extends EvaluatorOptions {
  /** Memory for states of earlier texts. Default: 512 MiB. */
  readonly snapshotBytes?: number | undefined;
  /** Default: no drafts. */
  readonly drafts?: DraftOptions;
}

export interface GenerateOptions {
  readonly maxTokens: number;
  /** Default: greedy. */
  readonly sampling?: Sampling;
  /** Ids that end generation. The one that is sampled is yielded too. */
  readonly endIds?: Iterable<number>;
  readonly signal?: AbortSignal | undefined;
  /** What drafts; default: as the session was opened. */
  readonly drafts?: DraftMode | undefined;
  /** What probably follows: the tail of a suggestion that was typed into. */
  readonly ghost?: readonly number[] | undefined;
  /** The text that the answer is a changed copy of. */
  readonly original?: readonly number[] | undefined;
  /** The same with the change that is expected. */
  readonly expected?: readonly number[] | undefined;
  /** How many ids at the prompt's end are the answer's own, which was interrupted after them. Default: 0. */
  readonly written?: number | undefined;
  /** What the text must begin with. */
  readonly healing?: Healing | undefined;
  /** Hears of each round. */
  readonly trace?: ((round: RoundReport) => void) | undefined;
}

/** Says which ids may be sampled while the text repeats what is typed already. */
export interface Healing {
  /** A bit for each id; undefined: any. */
  mask(): Uint32Array | undefined;
  /** Takes in the sampled id. */
  take(id: number): void;
}

/** What a round decided, and its outcome. */
export interface RoundReport {
  readonly position: number;
  readonly source: Decision["source"];
  readonly drafted: number;
  readonly accepted: number;
  /** Tokens that the arbiter expected, the one that is always sampled among them. */
  readonly expected: number;
  /** Why the rest of the draft was not accepted. */
  readonly stopped: "no draft" | "all accepted" | "rejected" | "end";
}
