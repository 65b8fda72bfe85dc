import { createDetokenizer, fimPrompt, type Tokenizer } from "../text/index.ts";
import type { Session } from "./session.ts";

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
  readonly signal?: AbortSignal;
}

/**
 * A session as a source of completions: lays out the prompt within the context, generates, and streams text.
 * @throws UserError, when iterated, if the model has no fill-in-the-middle tokens.
 */
export function createFimCompleter(session: Session, tokenizer: Tokenizer) {
  return {
    async *complete({
      prompt,
      maxTokens,
      signal,
    }: FimRequest): AsyncGenerator<{ text: string; logProbability: number }> {
      const { context } = session.evaluator.memory;
      const ids = fimPrompt(tokenizer, prompt, context - Math.min(maxTokens, context >> 1));
      const detokenizer = createDetokenizer(tokenizer);
      let logProbability = 0;
      const draws = session.generate(ids, { maxTokens, endIds: tokenizer.endIds, signal });
      for await (const draw of draws) {
        if (tokenizer.endIds.has(draw.token)) break;
        const text = detokenizer.push([draw.token]);
        logProbability += draw.logProbability;
        if (text.length === 0) continue; // a part of a character: its bytes come out with the next token
        yield { text, logProbability };
        logProbability = 0;
      }
      const rest = detokenizer.flush();
      if (rest.length > 0) yield { text: rest, logProbability };
    },
  };
}
