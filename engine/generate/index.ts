// Generate: a session, prompt in and tokens out.
// Start at generation.ts (the loop: submit ahead, take a record, settle), then rounds.ts (draft, verify, sample) and session.ts.
// Owns the plans and the records in flight.
// Promise: a round submits once and reads back 1 KiB at most; the token stays on the GPU (I4).
// Must not know: files, windows.
export { createChat } from "./chat.ts";
export { createFimCompleter, type TokenSource } from "./completer.ts";
export type { DraftCount, DraftStatistics } from "./draft_statistics.ts";
export { Evaluator, type EvaluatorOptions, type PassOptions, widthFor } from "./evaluator.ts";
export { type Fit, fitSession, type Room, roomOf, type Smaller, type Wishes } from "./fit.ts";
export { drain, type GenerationResult, type GenerationStream } from "./generation_stream.ts";
export { type MemoryNeeds, memoryNeeds } from "./needs.ts";
export { needsOf, openSession, type SessionSettings } from "./open_session.ts";
export type {
  DraftOptions,
  GenerateOptions,
  Healing,
  RoundTrace,
  SessionOptions,
} from "./options.ts";
export { type Prompt, requirePrompt } from "./prompt.ts";
export { Rounds } from "./rounds.ts";
export { createScheduler, type Scheduler, type Turn } from "./scheduler.ts";
export { Session } from "./session.ts";
export { type GenerationTally, type GenerationTimings, Tally } from "./tally.ts";
