// Suggest: ghost text as the editor's inline completions, and when the user wants none.
// Start at ghost_text.ts, then question.ts (what is asked) and shown.ts (how a suggestion ended).
// Owns the snooze, and what is known of read-only documents.
// Promise: one suggestion at a place, and none for a document version that has passed.
// Must not know: how a suggestion is computed.

export { createGhostText } from "./ghost_text.ts";
export { questionAt } from "./question.ts";
export { createReadOnly, type ReadOnly } from "./read_only.ts";
export { openSample } from "./sample.ts";
export { watchSuggestions } from "./shown.ts";
export { createSnooze, type Snooze } from "./snooze.ts";
export { toggle, toggleLanguage, turnOnInlineSuggest } from "./toggles.ts";
