// Drafters: guess the next tokens, cheaply.
// Start at arbiter.ts: it asks each drafter and picks a draft, or none.
// Owns the suffix automaton and the acceptance statistics.
// Promise: a draft never changes the text, only its speed (I1).
// Must not know: how a layer works.
export {
  Arbiter,
  type ArbiterOptions,
  type Decision,
  type DraftMode,
  longestChain,
} from "./arbiter.ts";
export { Calibration } from "./calibration.ts";
export { type Costs, linearCosts, measuredCosts } from "./costs.ts";
export { createCursorDrafter, editing, rewriting } from "./cursor.ts";
export type { Drafter, DraftSource } from "./drafter.ts";
export { type Corpus, createCorpus, createNgramDrafter } from "./ngram.ts";
