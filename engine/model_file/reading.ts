import type { GgufFile } from "../gguf/index.ts";

/** A file as the rest of the engine takes it, and what a person may want to know of the way there. */
export interface Reading {
  readonly file: GgufFile;
  /** Whole sentences. */
  readonly notes: readonly string[];
  /** What became of MTP files beside it, where any were opened. */
  readonly mtpFiles?: MtpFiles;
}

export interface MtpFiles {
  /** Path of the one that is part of the model now. */
  readonly used?: string | undefined;
  /** Those that cannot be: why, as a clause. */
  readonly unusable: readonly { readonly path: string; readonly problem: string }[];
}
