import type { Clock, Completer } from "../contract/index.ts";
import type { Wanted } from "./cache.ts";
import {
  type Decode,
  type DecodeOptions,
  type DecodeRequest,
  follows,
  restOf,
  startDecode,
} from "./decode.ts";

export interface RunningOptions {
  readonly completer: Completer;
  readonly clock: Clock;
  readonly beforeEnd?: DecodeOptions["beforeEnd"];
  /** The text of the current decode has grown, or the decode is over. */
  readonly onText: (decode: Decode) => void;
  /** A decode is over, whether it was the current one or an aborted one. */
  readonly onEnd: (decode: Decode) => void;
}

/** The decode that the model runs, at most one, and the questions that wait for its text. */
export function createRunning({ completer, clock, beforeEnd, onText, onEnd }: RunningOptions) {
  let current: Decode | undefined;
  let last: Decode | undefined; // started last, over or not
  const waiting = new Set<() => void>();

  /** Makes all waiting questions check again whether their wait is over. */
  function wake(): void {
    for (const check of waiting) check();
  }

  return {
    /** Undefined while the model is idle; an aborted decode stays until its stream has ended. */
    get current(): Decode | undefined {
      return current;
    },

    /** Aborts the current decode and starts another. */
    start(request: DecodeRequest): Decode {
      current?.abort();
      const started = startDecode(completer, request, {
        ghost: last && restOf(last, request.cursorText),
        now: clock.now,
        beforeEnd,
        onChange() {
          if (current === started) onText(started);
          wake();
          if (!started.over) return;
          if (current === started) current = undefined;
          onEnd(started);
        },
      });
      current = started;
      last = started;
      return started;
    },

    /** The current decode, if what was typed since it started agrees with what it has written. */
    attach: ({ cursorText, key }: Wanted): Decode | undefined =>
      current && !current.aborted && current.key === key && follows(current, cursorText)
        ? current
        : undefined,

    abort: (): void => current?.abort(),

    /** What the model writes for a document, or for all, is of no use any more: questions that wait for it ask again. */
    forget(uri?: string): void {
      for (const one of [current, last]) if (uri === undefined || one?.cursorText.uri === uri) one?.forget();
      if (last?.forgotten) last = undefined;
      wake();
    },

    /** Resolves when `done` holds, or when the clock reaches `untilMs`, which is asked again after each change. */
    wait(done: () => boolean, untilMs: () => number): Promise<void> {
      return new Promise((resolve) => {
        let timer: unknown;
        const check = () => {
          clock.clearTimeout(timer);
          const left = untilMs() - clock.now();
          if (done() || left <= 0) {
            waiting.delete(check);
            resolve();
          } else if (left < Number.POSITIVE_INFINITY) timer = clock.setTimeout(check, left);
        };
        waiting.add(check);
        check();
      });
    },

    wake,
  };
}

export type Running = ReturnType<typeof createRunning>;
