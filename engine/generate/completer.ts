import { createDetokenizer, fimPrompt, type Tokenizer } from "../text/index.ts";
import type { EndReason, Session } from "./session.ts";

/** The shape of a completion request (engine/complete/completer.ts), which this floor cannot import. */
interface FimRequest {
  readonly prompt: {
    readonly path: string;
    readonly prefix: string;
    readonly suffix: string;
    readonly middle: string;
    readonly context: readonly { readonly path: string; readonly text: string }[];
  };
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

/**
 * A session as a source of completions: lays out the prompt within the context, generates, and streams text.
 * @throws UserError, when iterated, if the model has no fill-in-the-middle tokens.
 */
export function createFimCompleter(session: Session, tokenizer: Tokenizer) {
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
      const { context } = session.evaluator;
      const ids = fimPrompt(tokenizer, prompt, context - Math.min(maxTokens, context >> 1));
      const detokenizer = createDetokenizer(tokenizer);
      let logProbability = 0;
      const draws = session.generate(ids, {
        maxTokens,
        endIds: tokenizer.endIds,
        signal,
        ghost: ghost ? tokenizer.encode(ghost, { special: false }) : undefined,
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
          logProbability += value.logProbability;
          const text = detokenizer.push([value.token]);
          if (text.length === 0) continue; // a part of a character: its bytes come out with the next token
          yield { text, logProbability, cost: generationCost(session) };
          logProbability = 0;
        }
      } finally {
        await draws.return("cancelled"); // the consumer may leave at any yield
      }
    },
  };
}
