// Stages: the steps from a question to a suggestion, or to the reason why there is none.
// Start at stage.ts (what a stage gets and gives), then the files in the order of the list in pipeline.ts.
// Owns nothing: a stage touches what its second argument names.
// Promise: each stage ends in one of four outcomes; every silence has its reason here, in policy/ or in silences.ts.
// Must not know: how a stage before or after it decides.
export { attach } from "./attach.ts";
export { withheld } from "./confidence.ts";
export { decode } from "./decode.ts";
export { delay } from "./delay.ts";
export { gate } from "./gate.ts";
export { prompt, requestFor } from "./prompt.ts";
export { replacement } from "./range.ts";
export { recall } from "./recall.ts";
export { type Asked, type Found, type Placed, type Stage, type StageId, unlessAttached } from "./stage.ts";
