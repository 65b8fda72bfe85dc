/** Where a draft comes from. */
export type DraftSource = "mtp" | "ngram" | "ghost" | "copy" | "edit";

/** Proposed next tokens. */
export interface Proposal {
  readonly source: DraftSource;
  readonly ids: readonly number[];
  /** For each id, how likely it is to be the model's own, in (0, 1], given that those before it are. */
  readonly confidence: readonly number[];
  /** Tokens before the draft that agree with where it comes from. */
  readonly match: number;
}

/** Proposes the next tokens of one generation. */
export interface Drafter {
  readonly source: DraftSource;
  /** At most `most` ids after what was observed; undefined: nothing to offer. */
  propose(most: number): Proposal | undefined;
  /** Tokens that were committed to the text, in order. */
  observe(ids: readonly number[]): void;
}
