// Recording: typing, written to a file while `foretype.recordTyping` is on.
// Start at trace_recorder.ts, then typing_recorder.ts (what is written).
// Owns the recordings in the extension's own folder.
// Promise: excluded documents are never written, and no recording leaves this machine.
// Must not know: how recordings are played.
export { createTraceRecorder, openRecordings, type TraceRecorder } from "./trace_recorder.ts";
