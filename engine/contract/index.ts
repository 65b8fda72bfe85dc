// Contracts: the shapes that two floors agree on, each declared once.
// Start at completion.ts (prompt, request, delta, end) and generation.ts (cost), then protocol.ts (messages between host and engine process).
// Owns the clock that tests replace.
// Promise: types, and functions of a line; importing it loads nothing.
// Must not know: who implements a contract.
export { type Clock, systemClock } from "./clock.ts";
export type {
  Completer,
  CompletionCost,
  CompletionDelta,
  CompletionEnd,
  CompletionPriority,
  CompletionRequest,
  PromptParts,
} from "./completion.ts";
export type { EndReason, GenerationCost, GenerationEnd } from "./generation.ts";
export type {
  ChatTurn,
  DraftSources,
  EngineEvent,
  EngineRequest,
  EngineSettings,
  EngineStatus,
  FromEngine,
  GenerationStats,
  ModelDescription,
  ModelSpec,
  ToEngine,
} from "./protocol.ts";
export { isFault, isSameSilence, type Silence } from "./silence.ts";
