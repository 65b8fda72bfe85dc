// Generate: a session, prompt in and tokens out.
// Start at generation.ts (the loop: submit ahead, take a record, settle), then rounds.ts (draft, verify, sample) and session.ts.
// Owns the plans and the records in flight.
// Promise: a round submits once and reads back 1 KiB at most; the token stays on the GPU (I4).
// Must not know: files, windows.
export { createChat } from "./chat.ts";
export { chooseVariants } from "./choose_variants.ts";
export { createFimCompleter, type TokenSource } from "./completer.ts";
export type { DraftStatistics } from "./draft_statistics.ts";
export { createEditor, type EditInTurns } from "./editor.ts";
export { Evaluator, widthFor } from "./evaluator.ts";
export { type Fit, fitSession, type Room, roomOf, type Wishes } from "./fit.ts";
export { drain, type GenerationResult } from "./generation_stream.ts";
export { anyIds } from "./measure.ts";
export { memoryNeeds } from "./needs.ts";
export { needsOf, openSession, type SessionSettings } from "./open_session.ts";
export type {
  GenerateOptions,
  RoundReport,
  SessionOptions,
} from "./options.ts";
export { type Prompt, requirePrompt } from "./prompt.ts";
export { Rounds } from "./rounds.ts";
export { createScheduler, type Scheduler } from "./scheduler.ts";
export { Session } from "./session.ts";
export { type GenerationTally, Tally } from "./tally.ts";
