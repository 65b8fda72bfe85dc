/**
 * Why a generation ended. `cancelled`: its signal aborted, or its caller left. `preempted`: a request of higher priority took
 * the GPU, which only happens in the engine's process.
 */
export type EndReason = "end" | "max-tokens" | "context-full" | "cancelled" | "preempted";

/** What one generation cost, at its end or so far: amounts in tokens, times in milliseconds of wall time. */
export interface GenerationCost {
  readonly promptTokens: number;
  /** Tokens run before the first free sample: what no kept state had of the prompt, its last token, and those that healed it. */
  readonly computedTokens: number;
  /** From the call to the first sampled token. */
  readonly promptMs: number;
  /** Sampled tokens. */
  readonly tokens: number;
  /** From the first sampled token to the last. */
  readonly decodeMs: number;
  /** Tokens that drafters proposed. */
  readonly drafted: number;
  /** Of those, the tokens that the model accepted. */
  readonly accepted: number;
  /** In the engine's process: from the request's arrival to its turn. */
  readonly queuedMs?: number;
  /** There: loading of the model, where this request was the one that waited for it. */
  readonly loadMs?: number;
}

/** How a generation ended, and what it cost. */
export interface GenerationEnd extends GenerationCost {
  readonly reason: EndReason;
}

/** Of what was not generated: a scripted answer, or a request that ended before its turn. */
export const NO_COST: GenerationCost = {
  promptTokens: 0,
  computedTokens: 0,
  promptMs: 0,
  tokens: 0,
  decodeMs: 0,
  drafted: 0,
  accepted: 0,
};
