// Server: the engine's side of protocol.ts, and how model files are found and opened.
// Start at engine.ts (requests, turns, cancellation), then models.ts (what is on the GPU, and for how long).
// Owns the GPU and the loaded models of a process.
// Promise: each request ends with exactly one `done` or `error`, and one of them never takes another down.
// Must not know: how messages travel.

export {
  contextFor,
  modelPath,
  type OpenFile,
  openModelFile,
  projectRoot,
  readModelFile,
} from "../model_file/index.ts";
export { createEngine, type EngineOptions } from "./engine.ts";
export { describeModel } from "./models.ts";
