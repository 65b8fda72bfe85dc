import type { PipelineSettings } from "../../../../engine/complete/index.ts";

/**
 * A golden case: a file, what the model is made to write in it, and what the user then sees. A case that fails can be
 * looked at with `foretype complete FILE:LINE:COL --answer TEXT --json`.
 */
export interface GoldenCase {
  /** Its name and folder say the language and what is never read. */
  readonly file: string;
  /** The text, with `█` at the cursor. */
  readonly at: string;
  readonly answer: string;
  /** The ghost text; null where nothing is shown. */
  readonly shown: string | null;
  /** The silence's id, where nothing is shown and it matters which. */
  readonly silence?: string;
  /** The text after accepting, where it is not the ghost text in the cursor's place. */
  readonly document?: string;
  readonly invoked?: true;
  /** The row that the suggest widget has chosen. */
  readonly selected?: string;
  readonly settings?: Partial<PipelineSettings>;
  /** For languages that a file name does not tell. */
  readonly languageId?: string;
}

/** One kind of fault, and its cases. */
export interface CaseKind {
  /** What holds, as a test title. */
  readonly claim: string;
  readonly cases: readonly GoldenCase[];
}
