import type { Clock } from "../../contract/index.ts";

const EPOCH = Date.UTC(2026, 0, 1); // any: the same in each run

/** A clock that advances only on request, so that what runs on it is the same on every machine. */
export function createVirtualClock() {
  let now = EPOCH;
  let next = 1;
  const timers = new Map<number, { readonly atMs: number; readonly action: () => void }>();

  function soonest(): [handle: number, atMs: number] | undefined {
    let found: [number, number] | undefined;
    // The map iterates in insertion order: of timers due together, the oldest runs first.
    for (const [handle, { atMs }] of timers) if (!found || atMs < found[1]) found = [handle, atMs];
    return found;
  }

  const clock: Clock = {
    now: () => now,
    setTimeout(action, ms) {
      timers.set(next, { atMs: now + Math.max(1, ms), action }); // as in Node: a timer that sets itself moves the time
      return next++;
    },
    clearTimeout(handle) {
      timers.delete(handle as number);
    },
  };
  return {
    clock,
    startMs: EPOCH,
    /**
     * Runs the timer that is due first, if that is by `untilMs`; the time is then the timer's, else `untilMs`.
     * @returns whether one ran
     */
    step(untilMs: number): boolean {
      const due = soonest();
      if (!due || due[1] > untilMs) {
        now = Math.max(now, untilMs);
        return false;
      }
      const { action } = timers.get(due[0])!;
      timers.delete(due[0]);
      now = due[1];
      action();
      return true;
    },
  };
}
