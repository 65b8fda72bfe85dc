// Replay: recorded typing, and its playback through the pipeline in virtual time.
// Start at recording.ts (the format), then player.ts.
// Owns what a keystroke is counted to cost.
// Promise: a playback counts the same on every machine.
// Must not know: the model; it counts what a Completer says.
export { isKey, type Keystroke, type Spread, summarise, type TypingSummary } from "./keystrokes.ts";
export { type NextEdits, nextEditsAfter } from "./next_edits.ts";
export { type Playback, playTrace } from "./player.ts";
export {
  parseRecording,
  type TypingEvent,
  type TypingRecording,
  traceHeader,
  traceLine,
} from "./recording.ts";
export { nextEditsDuring, type ShownEdit } from "./shown_edits.ts";
