// Editor: which documents Foretype serves and may read, their paths in the workspace, and their texts.
// Start at paths.ts, then reading.ts (what is never read).
// Owns the text of each document version, joined once.
// Promise: secondary views (output, diffs, search results) are never served.
// Must not know: suggestions, models.

export { textOf } from "./document_text.ts";
export { isSupported, pathOf, placeOf, SELECTOR } from "./paths.ts";
export { exclusionOfFile, type FileToRead, mayRead } from "./reading.ts";
