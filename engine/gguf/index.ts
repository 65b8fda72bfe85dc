// GGUF files: what a model file says about itself and where its weights lie.
// Start at open.ts: openGguf reads the headers, of all parts of a split model, and hands out bytes on request.
// Owns the open file (on the disk, or elsewhere: file_system.ts) and the table of block formats.
// Promise: a broken file ends in one sentence for the user, never in a huge allocation or wrong bytes.
// Must not know: what any key or tensor means, except general.alignment and split.*.

export { BLOCK_FORMATS, blockFormat, type TensorType } from "./block_formats.ts";
export { type CodebookType, codebookEntries } from "./codebooks.ts";
export {
  isDrafterFile,
  isModelFile,
  isMtpFile,
  mixBits,
  modelStem,
  quantOf,
  readPartName,
  sharedFolder,
  wholeName,
} from "./file_name.ts";
export { disk, type FileSystem, remoteFileSystem } from "./file_system.ts";
export type { GgufFile } from "./gguf_file.ts";
export { type FilePart, joinFiles } from "./joined_file.ts";
export {
  type MetadataSource,
  type MetadataValue,
  metadataBoolean,
  metadataFlags,
  metadataNumber,
  metadataNumbers,
  metadataString,
  metadataStrings,
  modelName,
} from "./metadata.ts";
export { openGguf } from "./open.ts";
export { parameterCount, type TensorEntry } from "./tensor_directory.ts";
