// Client: the host's side of the protocol, and which Node runs the engine.
// Start at client.ts, then supervisor.ts (the process: start, crash, hang, restart) and requests.ts (streams of events).
// Owns the engine's process.
// Promise: after a crash or a hang, running requests run again, once, and no text is delivered twice.
// Must not know: vscode, GPUs, models.
export { createEngineClient } from "./client.ts";
export { hostCommand } from "./host_command.ts";
export type { EngineState } from "./supervisor.ts";
