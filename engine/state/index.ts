// State: what a sequence keeps between passes, how rejected rows are undone, and how positions are restored.
// Start at sequence.ts; rollback.ts has the three strategies, sequence_memory.ts the buffers.
// Owns the buffers; the layers read and write them.
// Promise: after any accepts, rejects and restores the state has the bits of sequential decoding (I2).
// Must not know: drafters.
export { chooseRollback } from "./choose_rollback.ts";
export { PromptState } from "./prompt_state.ts";
export {
  createRollback,
  defaultPlanes,
  type RollbackName,
} from "./rollback.ts";
export { Sequence } from "./sequence.ts";
export {
  planeBytes,
  type SequenceOptions,
  sequenceBytes,
  tapeBytes,
} from "./sequence_memory.ts";
export { snapshotBytes } from "./snapshot.ts";
export { grid, type Held, type Node, pathTo, SnapshotTree, type Target } from "./snapshot_tree.ts";
