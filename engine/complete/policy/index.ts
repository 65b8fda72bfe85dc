// Policy: whether to ask, how long to wait, how much to show.
// Start at gates.ts (reasons not to ask) and exclude.ts (what is never read), then delay.ts, length_policy.ts (one line or a
// block) and confidence.ts.
// Owns the stop rule of a decode, and the rule on reading.
// Promise: each function is pure: the same place gives the same decision.
// Must not know: how a model is asked.
export { acceptEstimate, isConfident } from "./confidence.ts";
export { createRhythm, delayFor, type Rhythm } from "./delay.ts";
export { closedDocument, isLanguageOn } from "./document_gates.ts";
export { type Exclusion, exclusionOf, exclusionSilence, readBuiltInExcludes } from "./exclude.ts";
export { checkExclude, costOf, isCostlyFor, literalOf } from "./exclude_entries.ts";
export { closedGate, isLineTooLong } from "./gates.ts";
export { blockWanted, type StopReason, type StopRule, stopRuleFor } from "./length_policy.ts";
