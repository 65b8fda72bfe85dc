import type { GgufFile } from "../gguf/index.ts";

/** A file as the rest of the engine takes it, and what a person may want to know of the way there. */
export interface Reading {
  readonly file: GgufFile;
  /** Whole sentences. */
  readonly notes: readonly string[];
}
