// Completion: from a place in a file to the ghost text that is shown there.
// Start at suggest.ts: it runs the stages position, place, anchor, length policy, filters in that order.
// Owns the Completer contract, which a client and an in-process session both fulfil.
// Promise: stages are pure, and the same generated text gives the same suggestion however it was streamed.
// Must not know: vscode, GPUs, token ids, the file system.
export type {
  Completer,
  CompletionDelta,
  CompletionEnd,
  CompletionPriority,
  CompletionRequest,
  PromptParts,
} from "./completer.ts";
export type { FilterId, FilterReport } from "./filters.ts";
export type { StopReason } from "./length_policy.ts";
export { offsetAt, readPlainText } from "./position.ts";
export {
  DEFAULT_LIMITS,
  type Suggestion,
  type SuggestionLimits,
  type SuggestRequest,
  suggest,
} from "./suggest.ts";
