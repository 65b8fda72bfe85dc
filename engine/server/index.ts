// Server: the engine's side of the protocol.
// Start at engine.ts (requests, turns, cancellation), then models.ts (what is on the GPU, and for how long) and load_model.ts (how it comes there).
// Owns the GPU and the loaded models of a process.
// Promise: each request ends with exactly one `done` or `error`, and one of them never takes another down.
// Must not know: how messages travel.

export { createEngine } from "./engine.ts";
