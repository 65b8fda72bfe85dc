import type { Priority } from "../contract/index.ts";

/** Lower runs first. Explain, refactor and an invoked completion are equals: the user waits for each of them. */
const ranks: Readonly<Record<Priority, number>> = {
  foreground: 0,
  invoked: 0,
  automatic: 1,
  speculative: 2,
  ahead: 3,
  edit: 4,
  "warm-up": 5,
};

/** The GPU, for as long as the turn is not disposed of. */
export interface Turn extends Disposable {
  /** Aborts when the caller's own signal does, and when a request of higher priority wants the GPU. */
  readonly signal: AbortSignal;
  readonly preempted: boolean;
}

interface Waiting {
  readonly rank: number;
  readonly admit: () => void;
}

/**
 * One GPU, one turn at a time: the highest priority first, equals in the order in which they came. When a request of
 * higher priority waits, the running turn's signal aborts; the turn ends when its owner disposes of it.
 */
export function createScheduler() {
  const waiting: Waiting[] = [];
  let running: { rank: number; preempt: () => void } | undefined;

  const next = (): void => {
    running = undefined;
    waiting.sort((a, b) => a.rank - b.rank); // stable: equals stay in order
    waiting.shift()?.admit();
  };

  return {
    /** Waits for a turn; undefined when `signal` aborts before it comes. */
    enter(priority: Priority, signal?: AbortSignal): Promise<Turn | undefined> {
      const rank = ranks[priority];
      return new Promise((resolve) => {
        if (signal?.aborted) {
          resolve(undefined);
          return;
        }
        const leave = () => {
          waiting.splice(waiting.indexOf(entry), 1);
          resolve(undefined);
        };
        const entry: Waiting = {
          rank,
          admit: () => {
            signal?.removeEventListener("abort", leave);
            const turn = openTurn(signal, next);
            running = { rank, preempt: turn.preempt };
            resolve(turn);
          },
        };
        if (!running) {
          entry.admit();
          return;
        }
        signal?.addEventListener("abort", leave, { once: true });
        waiting.push(entry);
        if (rank < running.rank) running.preempt();
      });
    },
  };
}

export type Scheduler = ReturnType<typeof createScheduler>;

function openTurn(signal: AbortSignal | undefined, over: () => void): Turn & { preempt(): void } {
  const controller = new AbortController();
  const abort = () => controller.abort();
  signal?.addEventListener("abort", abort, { once: true });
  let preempted = false;
  let open = true;
  return {
    signal: controller.signal,
    get preempted() {
      return preempted;
    },
    preempt() {
      preempted = true;
      abort();
    },
    [Symbol.dispose]() {
      if (!open) return;
      open = false;
      signal?.removeEventListener("abort", abort);
      over();
    },
  };
}
