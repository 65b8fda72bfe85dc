import type { MetadataValue } from "./metadata.ts";
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
