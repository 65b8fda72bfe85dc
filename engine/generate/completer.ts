import type { CompletionRequest, GenerationCost, GenerationEnd } from "../contract/index.ts";
import { createDetokenizer, createHealing, type Tokenizer } from "../text/index.ts";
import type { GenerationResult } from "./generation_stream.ts";
import type { Session } from "./session.ts";
import { costOf } from "./tally.ts";
import { streamText } from "./text_stream.ts";
import { createTypedTexts } from "./typed_texts.ts";

type FimRequest = Pick<CompletionRequest, "prompt" | "maxTokens" | "ghost" | "signal">;

/** What completions and chats need of a session. */
export type TokenSource = Pick<Session, "generate" | "read"> & {
  readonly evaluator: { readonly context: number };
};

/** A generation's result as streams of text return it. */
export const endOf = (result: GenerationResult): GenerationEnd => ({
  reason: result.reason,
  ...costOf(result),
});

const decoder = new TextDecoder();

/** Tokens that a prompt leaves free for the answer, at most: twelve lines, most of the time. Where prompts are cut depends on it, so it is one for all. */
const answerTokens = 160;

/**
 * A session as a source of completions: lays out the prompt within the context, generates, and streams text. A prompt that differs
 * from the one before only at the end of its middle continues from the state of that one.
 * @throws UserError, when iterated, if the model has no fill-in-the-middle tokens.
 */
export function createFimCompleter(session: TokenSource, tokenizer: Tokenizer) {
  const { context } = session.evaluator;
  const texts = createTypedTexts(tokenizer, context - Math.min(answerTokens, context >> 1));

  return {
    async *complete({
      prompt,
      maxTokens,
      ghost,
      signal,
    }: FimRequest): AsyncGenerator<
      { text: string; logProbability: number; cost: GenerationCost },
      GenerationEnd,
      undefined
    > {
      const typed = texts.at(prompt);
      const { unsettled } = typed;
      const draws = session.generate(typed.prompt, {
        maxTokens,
        endIds: tokenizer.endIds,
        signal,
        healing: createHealing(tokenizer, unsettled),
        ghost: ghost ? tokenizer.encode(decoder.decode(unsettled) + ghost, { special: false }) : undefined,
      });
      const stream = streamText(draws, {
        detokenizer: createDetokenizer(tokenizer, { skip: unsettled.length }),
        endIds: tokenizer.endIds,
        took: typed.drew,
      });
      try {
        for (;;) {
          const { value, done } = await stream.next();
          if (done) return endOf(value);
          yield { ...value, cost: costOf(draws.soFar) };
        }
      } finally {
        await draws.return(); // the consumer may leave at any yield
      }
    },

    controlTexts: () => tokenizer.specialTexts,

    /** Reads a prompt ahead of its completion. */
    prepare: (prompt: FimRequest["prompt"], signal?: AbortSignal) =>
      session.read(texts.at(prompt).prompt, signal),
  };
}
