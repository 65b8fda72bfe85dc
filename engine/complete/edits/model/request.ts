/** A piece of a prompt: text, which never becomes a special token, or one special token by its text in the vocabulary. */
export type PromptPiece = string | { readonly token: string };

/** What an edit model is asked. */
export interface EditRequest {
  /** In this order. Neighbouring texts are tokenised as one text. `\n` line ends. */
  readonly prompt: readonly PromptPiece[];
  /** Indices into `prompt`, ascending: what is before that piece will probably come again with the next request. */
  readonly steady: readonly number[];
  /** The answer if nothing changes, from its first character on. A help for speed; the answer does not depend on it. */
  readonly original: string;
  /** The answer if the user's last replacement is made again wherever its old text still stands in the window. The same. */
  readonly expected?: string;
  /** Texts that end the answer, as tokens or spelled out. Never streamed. */
  readonly stops: readonly string[];
  readonly maxTokens: number;
  readonly signal?: AbortSignal;
}

/** Streams what a model answers, greedily. The stream is left (`return()`) once enough is known. */
export interface EditModel {
  edit(
    request: EditRequest,
  ): AsyncGenerator<{ readonly text: string }, { readonly reason: EditEnd } | undefined, undefined>;
}

/** Why an answer ended; all but `end` cut it off. */
export type EditEnd = "end" | "max-tokens" | "context-full" | "cancelled" | "preempted";
