// The model: a qwen35 network on the GPU, as recorded plans of kernels.
// Start at model.ts (what is loaded), then forward.ts: embedding, blocks, head; one file for each kind of layer.
// Owns the weights and the workspace that the layers share; a sequence's memory is given to it.
// Promise: a row's result does not depend on the rows beside it (I3); weights stay quantised (I5).
// Must not know: sessions, text.
export { type DeltaStrides, deltaColumns, deltaKernel } from "./delta_net.ts";
export { recordCarry, recordTrunk } from "./forward.ts";
export { type Hyperparameters, readHyperparameters } from "./hyperparameters.ts";
export type { Path } from "./matmul.ts";
export { loadModel, type Model } from "./model.ts";
export { recordMtp } from "./mtp.ts";
export { ropeTable } from "./rope.ts";
export {
  createDrawBuffers,
  type Draw,
  type DrawBuffers,
  greedy,
  maxEndIds,
  readRecord,
  recordBytes,
  recordDraw,
  type Sampling,
  samplingWords,
} from "./sampling.ts";
export { type KvLayer, type RecurrentLayer, type SequenceMemory, tapeRows } from "./sequence.ts";
export { maxRows, stepBuffer, stepWords } from "./step.ts";
export { createWorkspace, splitsOf, type Workspace, workspaceBytes } from "./workspace.ts";
