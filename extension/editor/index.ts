// Editor: which documents Foretype serves, their paths in the workspace, and their texts.
// Start at paths.ts.
// Owns the text of each document version, joined once.
// Promise: secondary views (output, diffs, search results) are never served.
// Must not know: suggestions, models.

export { textOf } from "./document_text.ts";
export { isSupported, pathOf, SELECTOR } from "./paths.ts";
