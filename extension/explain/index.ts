// Explain: the selected code explained in a panel beside it, with follow-up questions.
// Start at explain.ts; conversation.ts keeps what the model is told within its context.
// Owns the one panel and its conversation.
// Promise: nothing is written to any file, and leaving the panel stops the model.
// Must not know: how the model runs.
export { registerExplain } from "./explain.ts";
