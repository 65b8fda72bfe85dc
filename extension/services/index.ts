// Services: what the other rooms are handed, and the engine of this window behind it.
// Start at services.ts (the contract), then engine.ts.
// Owns the engine's process.
// Promise: nothing starts the engine but a request.
// Must not know: suggestions, pages, texts.
export { answerOf, atMostEvery } from "./answer.ts";
export { createEngine, type Engine } from "./engine.ts";
export type { ModelRole, Services } from "./services.ts";
