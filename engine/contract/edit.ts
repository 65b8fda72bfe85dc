import type { GenerationCost, GenerationEnd } from "./generation.ts";

/** A piece of a prompt: text, which never becomes a special token, or one special token by its text in the vocabulary. */
export type PromptPiece = string | { readonly token: string };

/** A prompt that an edit model answers with the new text of a window. Text has `\n` line ends. */
export interface EditRequest {
  /** In their order. Neighbouring texts are tokenised as one, so a text may be cut anywhere. */
  readonly prompt: readonly PromptPiece[];
  /**
   * Indices of pieces, ascending: what is before them will probably come again with the next request, so its state is kept. The last one
   * is where the user types: what follows it may change with each key.
   */
  readonly steady: readonly number[];
  /** The answer if nothing changes, from its first character on. A help for speed, like `expected`: the answer depends on neither. */
  readonly original: string;
  /** The answer if the user's last replacement is made again wherever its old text still stands. */
  readonly expected?: string;
  /** Texts that end the answer, special tokens of the model among them. They are not streamed. */
  readonly stops: readonly string[];
  /** Tokens at most; the context is a limit of its own. */
  readonly maxTokens: number;
  /** Ends the stream early, without an error. */
  readonly signal?: AbortSignal;
}

export interface EditDelta {
  readonly text: string;
  /** Natural logarithm, summed over the delta's tokens. */
  readonly logProbability: number;
  /** What the stream has cost so far. */
  readonly cost?: GenerationCost;
}

export interface EditModel {
  /**
   * Streams the model's answer, greedily. Ends when the model ends, at a stop, at `maxTokens`, or when the consumer leaves: the
   * iterator's `return()` stops the decode.
   * @throws UserError, when iterated, for what the user can mend.
   */
  edit(request: EditRequest): AsyncGenerator<EditDelta, GenerationEnd | undefined, undefined>;
}
