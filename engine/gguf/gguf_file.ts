import type { MetadataValue } from "./metadata.ts";
import { openPart } from "./part_file.ts";
import { openSplit, partsOf } from "./split_file.ts";
import type { TensorEntry } from "./tensor_directory.ts";

/** An open model file, or all parts of a split one. The header is in memory; tensor bytes are read on request. */
export interface GgufFile {
  /** Of a split model, that of its first part. */
  readonly path: string;
  readonly size: number;
  readonly version: number;
  readonly metadata: ReadonlyMap<string, MetadataValue>;
  /** In the order of the file. Every entry lies inside it; types that the engine cannot use are among them. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  /** Fills all of `target` with the bytes from `offset` on, which lie in one tensor. Reads may overlap in time. */
  read(offset: number, target: Uint8Array): Promise<void>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Opens a GGUF of version 2 or 3; of a split model any part, and the parts beside it with it (model.md 1.2). Whatever is
 * wrong with a file is a UserError. The caller closes it.
 */
export async function openGguf(path: string): Promise<GgufFile> {
  const part = await openPart(path);
  try {
    if (partsOf(part) <= 1) return part;
  } catch (error) {
    await part.close();
    throw error;
  }
  return openSplit(part);
}
