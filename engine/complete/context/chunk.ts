import type { ReadableFile } from "../contract.ts";

/** A piece of another file for the prompt. */
export interface Chunk {
  readonly path: string;
  readonly text: string;
}

/** A piece of a file that is named: two files may have the same path. */
export interface FileChunk extends Chunk, ReadableFile {
  readonly path: string;
}
