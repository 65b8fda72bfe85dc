// Next edit: the edit that follows from the user's last one, on the screen and under Tab.
// Start at next_edit.ts (commands and keys), then watch_edits.ts (what the log of edits is told) and drawing.ts (what is drawn).
// Owns which documents are followed, and what is drawn.
// Promise: drawing moves no code, no excluded or Git-ignored file is followed, and Tab is the editor's where nothing is shown.
// Must not know: how an edit is found.
export { chosenModelSource } from "./chosen_model.ts";
export { createNextEdits } from "./next_edit.ts";
