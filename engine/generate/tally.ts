import { performance } from "node:perf_hooks";
import type { GenerationCost } from "../contract/index.ts";
import type { DraftSource } from "../draft/index.ts";
import type { RoundRecord } from "../model/index.ts";
import { type DraftStatistics, draftStatistics, noteRound } from "./draft_statistics.ts";

/** The session's part of a generation's cost, with what benchmarks want to know beside it. */
export interface GenerationTimings extends Omit<GenerationCost, "drafted" | "accepted"> {
  /** Submits until the prompt was read. */
  readonly promptSubmits: number;
  /** Encoding and submitting rounds, on the CPU. */
  readonly hostMs: number;
  /** Rounds submitted. */
  readonly steps: number;
}

/** What a generation has cost so far, and the outcome of its drafts. */
export interface GenerationTally {
  readonly timings: GenerationTimings;
  readonly drafts: DraftStatistics;
}

export const costOf = ({ timings, drafts }: GenerationTally): GenerationCost => {
  const { promptTokens, computedTokens, promptMs, tokens, decodeMs } = timings;
  const { drafted, accepted } = drafts;
  return { promptTokens, computedTokens, promptMs, tokens, decodeMs, drafted, accepted };
};

/** Counts and times one generation while it runs. */
export class Tally implements GenerationTally {
  readonly timings: { -readonly [Key in keyof GenerationTimings]: number };
  readonly drafts = draftStatistics();
  #startedAt = 0;
  #firstAt = 0;
  #promptComputed = 0;

  constructor(promptTokens: number) {
    this.timings = {
      promptTokens,
      computedTokens: 0,
      promptSubmits: 0,
      promptMs: 0,
      tokens: 0,
      decodeMs: 0,
      hostMs: 0,
      steps: 0,
    };
  }

  start(): void {
    this.#startedAt = performance.now();
  }

  /** Notes that the prompt was read, or as much of it as was read before the signal aborted. */
  promptRead({ submits, computed }: { readonly submits: number; readonly computed: number }): void {
    this.timings.promptSubmits = submits;
    this.timings.computedTokens = computed;
    this.#promptComputed = computed;
  }

  /** @param heals whether the round samples a token that repeats text typed already */
  submitted(hostMs: number, heals: boolean): void {
    this.timings.hostMs += hostMs;
    this.timings.steps++;
    if (heals) this.timings.computedTokens++;
  }

  /** Notes the record of a round, which has just arrived. */
  arrived(record: RoundRecord, source: DraftSource | "none"): void {
    const { timings } = this;
    const now = performance.now();
    if (timings.tokens === 0) {
      this.#firstAt = now;
      timings.promptMs = now - this.#startedAt;
      // The first round ran the prompt's last token; a round that heals has counted it.
      timings.computedTokens = Math.max(timings.computedTokens, this.#promptComputed + 1);
    }
    timings.tokens += record.draws.length;
    timings.decodeMs = now - this.#firstAt;
    noteRound(this.drafts, source, record);
  }
}
