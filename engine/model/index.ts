// The model: a network of the Qwen families on the GPU, as recorded plans of kernels.
// Start at model.ts (what is loaded), then forward.ts: embedding, blocks, head; a file for each kind of layer, and family.ts.
// Owns the weights and the workspace that the layers share; a sequence's memory is given to it.
// Promise: a row's result does not depend on the rows beside it (I3); weights stay quantised (I5).
// Must not know: sessions, text.

export {
  acceptanceBuckets,
  createDraftBuffers,
  type DraftBuffers,
  type DraftSettings,
  draftHeadSize,
  draftIds,
  draftWords,
  recordDraftChain,
  recordDraftStep,
} from "./draft_chain.ts";
export {
  candidateBytes,
  createDrawBuffers,
  type Draw,
  type DrawBuffers,
  drawBytes,
  notFinite,
  type RoundRecord,
  readRecord,
  recordAccept,
  recordBytes,
  recordCandidates,
  recordDraw,
  recordMask,
} from "./draw.ts";
export { recordHead, recordTrunk } from "./forward.ts";
export { type Hyperparameters, readHyperparameters } from "./hyperparameters.ts";
export {
  type DeltaForm,
  deltaKernel,
  type ProductVariants,
  productVersion,
  recordDeltaRule,
  recordMatmul,
  recordMtp,
  recordReplay,
  ropeTable,
  ruleForm,
  variantsOf,
} from "./layers/index.ts";
export { allocateModel, checkTensors, loadModel, type Model, matricesOf } from "./model.ts";
export type { Pass, PassRows, Path } from "./pass.ts";
export { withRopeFactors } from "./rope_factors.ts";
export { greedy, maxEndIds, type Sampling, samplingWords } from "./sampling.ts";
export {
  convolutionRows,
  historyRows,
  type KvLayer,
  type RecurrentLayer,
  type SequenceMemory,
  tapeRows,
  trailingStep,
} from "./sequence.ts";
export { maxRows, type StepOptions, stepBuffer, stepState, stepWords } from "./step.ts";
export { usedTensors } from "./used_tensors.ts";
export { type Matrix, typesOf } from "./weights.ts";
export { createWorkspace, type Workspace, workspaceBytes } from "./workspace.ts";
