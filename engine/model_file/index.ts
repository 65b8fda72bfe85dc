// Model files: finds and opens what a name or a path means, and settles dialects, split files and separate MTP blocks.
// Start at model_file.ts (paths, roles), then dialect.ts and mtp_file.ts.
// Owns the difference between published files and the one kind of file that the model reads.
// Promise: a file either opens as one whole model or is refused with a sentence.
// Must not know: GPUs, sessions.
export {
  contextFor,
  modelPath,
  type OpenFile,
  openModelFile,
  projectRoot,
  readModelFile,
  withoutDamagedBlock,
} from "./model_file.ts";
