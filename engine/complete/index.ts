// Completion: from a keystroke in a document to the ghost text that is shown there, or to the reason why there is none.
// Start at contract.ts (questions and answers), then pipeline.ts (the list of stages) and stages/.
// Owns the suggestions of a session (kept.ts), the decode that runs (running.ts) and what became of each question (trace.ts).
// Promise: the same text generated gives the same suggestion however it was streamed; every silence has a reason.
// Must not know: vscode, GPUs, token ids, the file system.

export {
  createContext,
  type FileChunk,
  type NotebookCell,
  type OpenDocument,
  SCANNED,
} from "./context/index.ts";
export type * from "./contract.ts";
export type { TraceRecord } from "./contract.ts";
export {
  commonEnds,
  createEditHistory,
  createModelSource,
  createNextEdit,
  type EditHistory,
  type EditReason,
  type EditSource,
  formatOfModel,
  lineDiff,
  MAX_CHARACTERS as MAX_FOLLOWED,
  type ModelSourceOptions,
  type NextEditEvent,
  type NextEditView,
  type Proposal,
  type RecentLines,
  repeatSource,
  textOfPrompt,
} from "./edits/index.ts";

export {
  createLifecycle,
  createMetrics,
  type DocumentChange,
  isStoredMetrics,
  type Lifecycle,
  type LifecycleEvent,
  type Metrics,
  type MetricsSummary,
  type Share,
  type StoredMetrics,
} from "./metrics/index.ts";
export { completeOnce, type OneAnswer, type OneQuestion } from "./once.ts";
export { createPipeline, type PipelineOptions } from "./pipeline.ts";

export {
  closedDocument,
  closedGate,
  costOf,
  type Exclusion,
  exclusionOf,
  exclusionSilence,
  isCostlyFor,
  isLanguageOn,
  isLineTooLong,
  literalOf,
} from "./policy/index.ts";
export {
  isKey,
  type Keystroke,
  type NextEdits,
  nextEditsAfter,
  nextEditsDuring,
  type Playback,
  parseRecording,
  playTrace,
  type ShownEdit,
  type Spread,
  summarise,
  type TypingEvent,
  type TypingRecording,
  type TypingSummary,
  traceHeader,
  traceLine,
} from "./replay/index.ts";
export { completeScripted } from "./scripted.ts";
export { type Checked, leftOut, readExclude, readLanguages, wrongValue } from "./setting_levels.ts";
export { DEFAULT_SETTINGS } from "./settings.ts";
export {
  createSyntax,
  cursorTextAt,
  editorPace,
  indentationOf,
  inSlices,
  isInComment,
  languageIdOf,
  leadingWhite,
  lexisOf,
  lineStartOf,
  offsetAt,
  type Pieces,
  placeAt,
  readPlainText,
  type Syntax,
  scan,
  windowAround,
} from "./text/index.ts";
export { warmUp } from "./warm_up.ts";
