import type { GenerationCost, GenerationEnd } from "./generation.ts";

/** All text has `\n` line ends. `prefix + middle + suffix` is the file, less what the completer trims to fit its context. */
export interface PromptParts {
  readonly path: string;
  /** Ends at a line start, or is empty. */
  readonly prefix: string;
  /** What follows the cursor. */
  readonly suffix: string;
  /** The head of the middle: the text between the anchor and the cursor. Typing only appends to it. */
  readonly middle: string;
  /** Pieces of other files, the least volatile first. */
  readonly context: readonly { readonly path: string; readonly text: string }[];
}

/** `invoked`: the user asked for it and waits. `speculative`: for what the user may do next. From highest to lowest priority. */
export type CompletionPriority = "invoked" | "automatic" | "speculative";

export interface CompletionRequest {
  readonly prompt: PromptParts;
  readonly maxTokens: number;
  readonly priority: CompletionPriority;
  /** What may come again: the rest of a suggestion that was typed into. A help for speed; the answer does not depend on it. */
  readonly ghost?: string;
  /** Ends the stream early, without an error. */
  readonly signal?: AbortSignal;
}

export interface CompletionDelta {
  readonly text: string;
  /** Natural logarithm, summed over the delta's tokens. */
  readonly logProbability?: number;
  /** What the stream has cost so far: all that is known of one that is left before its end. */
  readonly cost?: GenerationCost;
}

export interface Completer {
  /**
   * Streams what the model writes after `prompt.middle`, as it is generated; special tokens never appear as text.
   * Ends when the model ends, at `maxTokens`, or when the consumer leaves: the iterator's `return()` stops the decode.
   * @throws UserError, when iterated, for what the user can mend.
   */
  complete(request: CompletionRequest): AsyncGenerator<CompletionDelta, GenerationEnd | undefined, undefined>;

  /** Texts of the model's control and added tokens, as far as they are known: written as text, they are an error. */
  readonly controlTexts?: () => readonly string[];

  /**
   * Prefills a prompt while no request waits, so that a completion of it, or of a longer middle, begins at once. Yields to
   * every other request.
   * @returns tokens computed, and whether the whole prompt is read; what was read is kept for the next call
   */
  prepare?(
    prompt: PromptParts,
    signal?: AbortSignal,
  ): Promise<{ readonly computedTokens: number; readonly whole: boolean }>;
}
