// Context: open files, recent edits, definitions and the cells of a notebook that a prompt may quote.
// Start at context.ts, then definitions.ts, notebooks.ts and ignored_files.ts; recent edits are those of edit_log/.
// Owns what was looked up, until documents change.
// Promise: nothing of an excluded or a Git-ignored file, and a request never waits for a lookup.
// Must not know: how a prompt is laid out.
export { createEditorContext } from "./context.ts";
export { createIgnoredFiles, type IgnoredFiles } from "./ignored_files.ts";
