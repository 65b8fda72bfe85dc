// Edit log: what the user edits in documents, told to the one log that next edits and the context of ghost text share.
// Start at edit_log.ts, then change_reason.ts (how a document came to be changed).
// Owns which documents are followed, and the names that they are about to be given.
// Promise: nothing of an excluded or a Git-ignored file, and nothing while neither feature is on.
// Must not know: what follows from an edit, how a prompt is laid out.
export { createEditLog } from "./edit_log.ts";
