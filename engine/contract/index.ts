// Contracts: the shapes that two floors agree on, each declared once.
// Start at completion.ts, edit.ts and chat.ts (request, delta) and generation.ts (end, cost), then protocol.ts (messages between host and engine process).
// Owns the clock that tests replace.
// Promise: types, and functions of a few lines; messages.ts is the only one that imports a library.
// Must not know: who implements a contract.
export type { ChatDelta, ChatMessage, ChatRequest } from "./chat.ts";
export { type Clock, systemClock } from "./clock.ts";
export type {
  Completer,
  CompletionDelta,
  CompletionPriority,
  CompletionRequest,
  PromptParts,
} from "./completion.ts";
export type { EditDelta, EditModel, EditRequest, PromptPiece } from "./edit.ts";
export { EMBEDDED_MODEL } from "./embedded_model.ts";
export { type EndReason, type GenerationCost, type GenerationEnd, NO_COST } from "./generation.ts";
export { idOf, isFromEngine, isToEngine, kindOf } from "./messages.ts";
export { admitFromEngine, admitToEngine, createOutbox } from "./outbox.ts";
export type {
  DraftSources,
  EngineEvent,
  EngineRequest,
  EngineSettings,
  EngineStatus,
  FromEngine,
  ModelDescription,
  ModelSpec,
  Priority,
  ToEngine,
} from "./protocol.ts";
export { createHangDetector, type GpuPulse } from "./pulse.ts";
export type { RemoteFiles } from "./remote_files.ts";
export { isFault, isSameSilence, type Silence } from "./silence.ts";
