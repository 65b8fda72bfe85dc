// Refactor: an instruction for the selected code, the answer as a streaming diff, and one undoable edit.
// Start at refactor.ts; extract_code.ts and request.ts are its pure parts.
// Owns the one refactoring that is open, and its document in memory.
// Promise: nothing is written to disk, and a document that has changed is never overwritten.
// Must not know: how the model runs.
export { registerRefactor } from "./refactor.ts";
