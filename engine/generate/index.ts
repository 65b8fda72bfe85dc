// Generate: a session, prompt in and tokens out.
// Start at session.ts (the loop and its run-ahead), then evaluator.ts (passes and their plans).
// Owns the sequence's position, the plans and the records under way.
// Promise: a step submits once and reads back 16 bytes; the token stays on the GPU (I4).
// Must not know: files, windows.
export { createChat, type Message } from "./chat.ts";
export { createFimCompleter, type GenerationEnd } from "./completer.ts";
export { Evaluator, type EvaluatorOptions, type PassOptions } from "./evaluator.ts";
export { freeBytes, type MemoryNeeds, memoryNeeds, requireFit } from "./needs.ts";
export { createScheduler, type Priority, type Scheduler, type Turn } from "./scheduler.ts";
export {
  type EndReason,
  type GenerateOptions,
  type GenerationTimings,
  requirePrompt,
  Session,
} from "./session.ts";
