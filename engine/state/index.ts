// State: what a sequence keeps between passes: KV cache, recurrent state, convolution history.
// Start at sequence_memory.ts.
// Owns the buffers; the layers read and write them.
// Promise: every byte is counted before it is allocated.
// Must not know: drafters.
export {
  createSequenceMemory,
  type OwnedSequence,
  type SequenceOptions,
  sequenceBytes,
} from "./sequence_memory.ts";
