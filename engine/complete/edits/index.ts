// Edits: what the user has edited, and the edit that follows.
// Start at next_edit.ts (from an edit to what is on the screen), then history.ts (the one log of edits), sources.ts (who proposes)
// and repeat.ts (the last replacement, where its old text still stands).
// Owns the edit history of each document, and what was refused.
// Promise: nothing of an excluded file is in it; what is not certain is not proposed.
// Must not know: tokens, the editor.
export {
  applyChange,
  changedInside,
  commonEnds,
  type EditReason,
  grown,
  moved,
  type Region,
  touches,
} from "./changes.ts";
export type { RecentLines } from "./edited_lines.ts";
export { createEditHistory, type EditHistory, MAX_CHARACTERS } from "./history.ts";
export {
  createModelSource,
  formatOfModel,
  lineDiff,
  type ModelSourceOptions,
  textOfPrompt,
} from "./model/index.ts";
export { createNextEdit } from "./next_edit.ts";
export { placesOf } from "./places.ts";
export { rehearseRepeat } from "./rehearse.ts";
export {
  type EditorState,
  editorOf,
  type NextEditEvent,
  type NextEditView,
  type Proposal,
} from "./screen.ts";
export { type EditSource, repeatSource } from "./sources.ts";
