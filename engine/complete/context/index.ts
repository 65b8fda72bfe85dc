// Context: the pieces of other files in a prompt.
// Start at context.ts.
// Owns the budget between definitions, recent edits and open files.
// Promise: the same documents give the same chunks.
// Must not know: how a model is asked.
export { type Chunk, createContext, type OpenDocument, type RecentEdit } from "./context.ts";
