/** One message of a conversation, as chat templates have them. */
export interface ChatMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

export interface ChatRequest {
  readonly messages: readonly ChatMessage[];
  /** Tokens at most; the context is a limit of its own. */
  readonly maxTokens: number;
  /** Default: false. */
  readonly thinking?: boolean;
  /** 0, the default: greedy. */
  readonly temperature?: number;
  /** Default: 0. */
  readonly seed?: number;
  /** The text that the answer will mostly repeat: drafts are taken from it. */
  readonly original?: string;
  /** Ends the stream early, without an error. */
  readonly signal?: AbortSignal;
}

export interface ChatDelta {
  /** `thinking`: what the model writes before its answer. */
  readonly kind: "text" | "thinking";
  readonly text: string;
}
