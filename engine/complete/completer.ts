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

export interface CompletionRequest {
  readonly prompt: PromptParts;
  readonly maxTokens: number;
  /** Ends the stream early, without an error. */
  readonly signal?: AbortSignal;
}

export interface CompletionDelta {
  readonly text: string;
  /** Natural logarithm, summed over the delta's tokens. */
  readonly logProbability?: number;
}

export interface Completer {
  /**
   * Streams what the model writes after `prompt.middle`, as it is generated; special tokens never appear as text.
   * Ends when the model ends, at `maxTokens`, or when the consumer leaves: the iterator's `return()` stops the decode.
   */
  complete(request: CompletionRequest): AsyncIterable<CompletionDelta>;
}
