// Completion: from a keystroke in a document to the ghost text that is shown there, or to the reason why there is none.
// Start at contract.ts (what is asked and answered), then pipeline.ts (the stages, in order).
// Owns the Completer contract, the suggestions of a session and what became of them.
// Promise: the same text generated gives the same suggestion however it was streamed; every silence has a reason.
// Must not know: vscode, GPUs, token ids, the file system.

export { type Clock, systemClock } from "../contract/clock.ts";
export type {
  Completer,
  CompletionDelta,
  CompletionEnd,
  CompletionPriority,
  CompletionRequest,
  PromptParts,
} from "../contract/completion.ts";
export { type Chunk, createContext, type OpenDocument, type RecentEdit } from "./context/context.ts";
export type * from "./contract.ts";
export type { FilterId, FilterReport } from "./filters/filters.ts";
export {
  createLifecycle,
  type DocumentChange,
  type Lifecycle,
  type LifecycleEvent,
  type ReturnedSuggestion,
} from "./metrics/lifecycle.ts";
export {
  createMetrics,
  type Metrics,
  type MetricsSummary,
  type Share,
  type StoredMetrics,
} from "./metrics/metrics.ts";
export { createPipeline, type PipelineOptions } from "./pipeline.ts";
export { matches } from "./policy/gates.ts";
export type { StopReason } from "./policy/length_policy.ts";
export { DEFAULT_SETTINGS } from "./settings.ts";
export { offsetAt, readPlainText } from "./text/position.ts";
export { createSyntax, GRAMMARS, type Syntax, type SyntaxLoader } from "./text/syntax.ts";
