// Edits that a model proposes: what it is asked, and what of its answer is shown.
// Start at source.ts (a question to places), then formats.ts and sweep.ts (one family's prompts and answers), answer_hunks.ts and edit_filters.ts.
// Owns the formats of edit models, byte by byte, and the ids of what is dropped.
// Promise: text that means something in a format is never sent, and nothing outside the window changes; what is not certain is not proposed.
// Must not know: tokens, GPUs, the editor.
export { formatOfModel } from "./known_formats.ts";
export { lineDiff } from "./line_diff.ts";
export { textOfPrompt } from "./pieces.ts";
export { createModelSource, type ModelSourceOptions } from "./source.ts";
