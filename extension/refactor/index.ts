// Refactor: an instruction for the selected code, the answer as a streaming diff, and one undoable edit.
// Start at refactor.ts. Pure parts: followed_range.ts (where the selection is), judge_answer.ts (what an answer is worth),
// indentation.ts (how it is fitted in), request.ts (what the model is told).
// Owns the one refactoring that is open, and its document in memory.
// Promise: nothing is written to disk; only what was selected is replaced, and only by what is certainly code for all of it.
// Must not know: how the model runs.
export { registerRefactor } from "./refactor.ts";
