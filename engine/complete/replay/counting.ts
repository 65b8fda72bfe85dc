import type { Completer, CompletionRequest, GenerationCost } from "../../contract/index.ts";
import type { Keystroke } from "./keystrokes.ts";

/**
 * A completer that counts its requests on the keystroke that `keystroke` returns when a stream begins. It knows whether
 * it is working: whether a caller awaits the next piece of a stream, or the prefill of a prompt.
 */
export function countingCompleter(completer: Completer, keystroke: () => Keystroke | undefined) {
  let working = 0;
  let steps = 0;
  let failure: Error | undefined;
  let wake = () => {};

  /** Awaits the inner completer and counts that as work. An error after an abort is not a failure. */
  async function work<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
    working++;
    try {
      return await promise;
    } catch (error) {
      if (!signal?.aborted) failure ??= error instanceof Error ? error : new Error(String(error));
      throw error;
    } finally {
      working--;
      steps++;
      wake();
    }
  }

  async function* counted(request: CompletionRequest): ReturnType<Completer["complete"]> {
    const ledger = openLedger(keystroke(), request.priority === "speculative");
    const stream = completer.complete(request);
    try {
      for (;;) {
        const { value, done } = await work(stream.next(), request.signal);
        ledger.note(done ? value : value.cost);
        if (done) return value;
        yield value;
      }
    } finally {
      await work(stream.return(undefined), request.signal);
      ledger.close();
    }
  }

  const counting: Completer = {
    complete: counted,
    ...(completer.prepare && {
      async prepare(prompt, signal) {
        const row = keystroke();
        const read = await work(completer.prepare!(prompt, signal), signal);
        if (row) row.idle.computedTokens += read.computedTokens;
        if (row) row.idle.prepared++;
        return read;
      },
    }),
  };

  return {
    completer: counting,
    get working(): boolean {
      return working > 0;
    },
    /** Grows whenever the completer has done something. */
    get steps(): number {
      return steps;
    },
    /** The first error of a stream. */
    get failure(): Error | undefined {
      return failure;
    },
    /** Resolves with true at the completer's next step, or with false after `ms` real milliseconds without one. */
    step(ms: number): Promise<boolean> {
      return new Promise((resolve) => {
        const timer = setTimeout(() => resolve(false), ms);
        wake = () => {
          clearTimeout(timer);
          resolve(true);
        };
      });
    },
  };
}

/** Writes what one stream costs on a keystroke, as far as the stream has told. */
function openLedger(row: Keystroke | undefined, speculative: boolean) {
  let told: GenerationCost | undefined;
  if (row && speculative) row.idle.streams++;
  else if (row) row.streams++;
  return {
    /** What the stream has cost so far. */
    note(cost: GenerationCost | undefined): void {
      if (!cost || !row) return;
      const sums = speculative ? row.idle : row;
      sums.computedTokens += cost.computedTokens - (told?.computedTokens ?? 0);
      sums.decodedTokens += cost.tokens - (told?.tokens ?? 0);
      if (!speculative) row.promptTokens += cost.promptTokens - (told?.promptTokens ?? 0);
      told = cost;
    },
    close(): void {
      if (row && !told) row.uncounted++;
    },
  };
}
