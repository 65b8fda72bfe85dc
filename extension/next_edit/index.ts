// Next edit: the edit that follows from the user's last one, on the screen and under Tab.
// Start at next_edit.ts (commands and keys), then drawing.ts (what is drawn) and announce.ts (what is read aloud); the log is edit_log/.
// Owns what is drawn.
// Promise: drawing moves no code, and Tab is the editor's where nothing is shown.
// Must not know: how an edit is found.
export { chosenModelSource } from "./chosen_model.ts";
export { createNextEdits } from "./next_edit.ts";
