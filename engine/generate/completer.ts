import { createDetokenizer, createHealing, type Tokenizer } from "../text/index.ts";
import type { EndReason } from "./options.ts";
import type { Session } from "./session.ts";
import { createTypedTexts, type PromptText } from "./typed_texts.ts";

/** The shape of a completion request (engine/contract/completion.ts), which this floor cannot import. */
interface FimRequest {
  readonly prompt: PromptText;
  readonly maxTokens: number;
  readonly ghost?: string;
  readonly signal?: AbortSignal;
}

/** What a stream has cost so far; of the same shape as completer.ts's. */
export interface GenerationCost {
  readonly promptTokens: number;
  readonly computedTokens: number;
  readonly promptMs: number;
  readonly tokens: number;
  readonly decodeMs: number;
  readonly drafted: number;
  readonly accepted: number;
}

/** What the stream says at its end. */
export interface GenerationEnd extends GenerationCost {
  readonly reason: EndReason;
}

export const generationEnd = (session: Session, reason: EndReason): GenerationEnd => ({
  reason,
  ...generationCost(session),
});

const generationCost = (session: Session): GenerationCost => {
  const { promptTokens, computedTokens, promptMs, tokens, decodeMs } = session.timings;
  const { drafted, accepted } = session.statistics;
  return { promptTokens, computedTokens, promptMs, tokens, decodeMs, drafted, accepted };
};

const decoder = new TextDecoder();

/** Tokens that are kept free for an answer, at most: twelve lines, most of the time. The prompt's cuts hang on it, so it is one for all. */
const answerTokens = 160;

/**
 * A session as a source of completions: lays out the prompt within the context, generates, and streams text. Prompts of
 * which only the middle has grown, or lost its end, go on from the state of the one before.
 * @throws UserError, when iterated, if the model has no fill-in-the-middle tokens.
 */
export function createFimCompleter(session: Session, tokenizer: Tokenizer) {
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
      const detokenizer = createDetokenizer(tokenizer, { skip: unsettled.length });
      let logProbability = 0;
      const draws = session.generate(typed.prompt, {
        maxTokens,
        endIds: tokenizer.endIds,
        signal,
        healing: createHealing(tokenizer, unsettled),
        ghost: ghost ? tokenizer.encode(decoder.decode(unsettled) + ghost, { special: false }) : undefined,
      });
      try {
        for (;;) {
          const { value, done } = await draws.next();
          if (done) {
            const rest = detokenizer.flush();
            if (rest.length > 0) yield { text: rest, logProbability, cost: generationCost(session) };
            return generationEnd(session, value);
          }
          if (tokenizer.endIds.has(value.token)) continue;
          typed.drew(value.token);
          logProbability += value.logProbability;
          const text = detokenizer.push([value.token]);
          if (text.length === 0) continue; // a part of a character, or of what is typed: the next token brings the rest
          yield { text, logProbability, cost: generationCost(session) };
          logProbability = 0;
        }
      } finally {
        await draws.return("cancelled"); // the consumer may leave at any yield
      }
    },

    /** Reads a prompt ahead of its completion. */
    prepare: (prompt: FimRequest["prompt"], signal?: AbortSignal) =>
      session.read(texts.at(prompt).prompt, signal),
  };
}
