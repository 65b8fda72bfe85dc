// Client: the host's side of the protocol, and which Node runs the engine.
// Start at client.ts (starting, restarting, streams of requests), then host_command.ts.
// Owns the engine's process.
// Promise: after a crash, running requests run again, and no text is delivered twice.
// Must not know: vscode, GPUs, models.
export {
  createEngineClient,
  type EngineState,
} from "./client.ts";
export { hostCommand } from "./host_command.ts";
