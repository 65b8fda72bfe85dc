import type { Detokenizer } from "../text/index.ts";
import type { GenerationResult, GenerationStream } from "./generation_stream.ts";

/** Text that one or more tokens complete. */
export interface TextDelta {
  readonly text: string;
  /** Natural logarithm, summed over these tokens. */
  readonly logProbability: number;
}

/**
 * A generation as text. Its tokens are taken only while its caller iterates; however it is left, it stops.
 * @param endIds tokens that are no text
 * @param took hears of each other token
 * @returns the generation's result; of one that was cancelled, an unfinished character stays in the detokenizer
 */
export async function* streamText(
  draws: GenerationStream,
  { detokenizer, endIds, took }: StreamOptions,
): AsyncGenerator<TextDelta, GenerationResult, undefined> {
  let logProbability = 0;
  try {
    for (;;) {
      const { value, done } = await draws.next();
      if (done) {
        const rest = value.reason === "cancelled" ? "" : detokenizer.flush();
        if (rest.length > 0) yield { text: rest, logProbability };
        return value;
      }
      if (endIds.has(value.token)) continue;
      took?.(value.token);
      logProbability += value.logProbability;
      const text = detokenizer.push([value.token]);
      if (text.length === 0) continue; // a part of a character, or of what is typed: the next token brings the rest
      yield { text, logProbability };
      logProbability = 0;
    }
  } finally {
    await draws.return(); // the consumer may leave at any yield
  }
}

export interface StreamOptions {
  readonly detokenizer: Detokenizer;
  readonly endIds: ReadonlySet<number>;
  readonly took?: (id: number) => void;
}
