// Context: the pieces of other files in a prompt.
// Start at context.ts, then notebook.ts (a notebook's other cells).
// Owns the budget between definitions, recent edits and open files.
// Promise: the same documents give the same chunks, and nothing of an excluded file is in one.
// Must not know: how a model is asked.
export type { FileChunk } from "./chunk.ts";
export { createContext, type OpenDocument, SCANNED } from "./context.ts";
export type { NotebookCell } from "./notebook.ts";
