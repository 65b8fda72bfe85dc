import type { EndReason } from "../contract/index.ts";
import type { Draw } from "../model/index.ts";
import type { GenerationTally } from "./tally.ts";

/** How a generation ended, and what it cost. */
export interface GenerationResult extends GenerationTally {
  readonly reason: EndReason;
}

/**
 * A generation as its caller sees it: the sampled tokens one by one, then the result. It runs only while its caller iterates; `return()`,
 * which `for await` calls when it is left, stops it and gives the result so far.
 */
export interface GenerationStream extends AsyncIterableIterator<Draw, GenerationResult, undefined> {
  /** Live: what the generation has cost up to now. */
  readonly soFar: GenerationTally;
  return(): Promise<IteratorResult<Draw, GenerationResult>>;
}

/** Joins a generation's tokens and its tally to what callers see. */
export function generationStream(
  draws: AsyncGenerator<Draw, EndReason, undefined>,
  soFar: GenerationTally,
): GenerationStream {
  let ended: GenerationResult | undefined;
  const step = ({ done, value }: IteratorResult<Draw, EndReason>): IteratorResult<Draw, GenerationResult> => {
    if (!done) return { done: false, value };
    ended ??= { reason: value, ...soFar };
    return { done: true, value: ended };
  };
  return {
    soFar,
    next: async () => step(await draws.next()),
    return: async () => step(await draws.return("cancelled")),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** Takes all that a stream yields. @returns what it returns at its end */
export async function drain<Item, End>(
  stream: AsyncIterator<Item, End, undefined>,
  take: (item: Item) => void = () => {},
): Promise<End> {
  for (;;) {
    const { value, done } = await stream.next();
    if (done) return value;
    take(value);
  }
}
