// Generate: a session, prompt in and tokens out.
// Start at session.ts (the loop and its run-ahead), then rounds.ts (drafts, verification, draws) and evaluator.ts.
// Owns the plans and the records under way.
// Promise: a round submits once and reads back 1 KiB at most; the token stays on the GPU (I4).
// Must not know: files, windows.
export { createChat, type Message } from "./chat.ts";
export { createFimCompleter, type GenerationEnd } from "./completer.ts";
export type { DraftCount, DraftStatistics } from "./draft_statistics.ts";
export { Evaluator, type EvaluatorOptions, type PassOptions, widthFor } from "./evaluator.ts";
export { type Fit, fitSession, type Room, roomOf, type Smaller } from "./fit.ts";
export { type MemoryNeeds, memoryNeeds } from "./needs.ts";
export { needsOf, openSession, type SessionSettings } from "./open_session.ts";
export type {
  DraftOptions,
  EndReason,
  GenerateOptions,
  GenerationTimings,
  Healing,
  RoundTrace,
  SessionOptions,
} from "./options.ts";
export { type Prompt, requirePrompt } from "./prompt.ts";
export { Rounds } from "./rounds.ts";
export { createScheduler, type Priority, type Scheduler, type Turn } from "./scheduler.ts";
export { Session } from "./session.ts";
