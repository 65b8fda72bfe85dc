// Services: what the other rooms are handed, and the engine of this window behind it.
// Start at services.ts (the contract), then engine.ts.
// Owns the engine's process.
// Promise: nothing starts the engine but a request; an answer comes with the reason why it ended.
// Must not know: suggestions, pages, texts.
export { type AnswerEnd, atMostEvery, readAnswer } from "./answer.ts";
export { chatContext } from "./chat_context.ts";
export { createEngine, type Engine } from "./engine.ts";
export { openLog } from "./log.ts";
export type { ModelRole, Services } from "./services.ts";
