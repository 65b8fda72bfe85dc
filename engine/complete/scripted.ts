import type { Completer } from "../contract/index.ts";
import { completeOnce, type OneAnswer, type OneQuestion } from "./once.ts";

/** One question, and the text that a model is made to write. */
export interface Scripted extends OneQuestion {
  readonly answer: string;
  /** Of the sizes of the pieces in which the answer comes: they must not matter. */
  readonly seed?: number;
}

/** Runs the whole pipeline with a given text in the model's place. */
export function completeScripted({ answer, seed = 1, ...question }: Scripted): Promise<OneAnswer> {
  return completeOnce(question, completerOf(answer, seed));
}

const MAX_PIECE = 8; // characters: tokens are shorter, most of the time

/** A completer that writes one text, in pieces. */
function completerOf(answer: string, seed: number): Completer {
  return {
    async *complete({ signal }) {
      const characters = Array.from(answer);
      let state = seed;
      for (let at = 0; at < characters.length; ) {
        if (signal?.aborted) return undefined;
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0; // Numerical Recipes' generator
        const size = 1 + Math.floor((state / 2 ** 32) * MAX_PIECE);
        yield { text: characters.slice(at, at + size).join("") };
        at += size;
      }
      return undefined;
    },
  };
}
