/** A clock that moves only when the test advances it. */
export function fakeClock(startMs = 1_000_000) {
  let now = startMs;
  let next = 1;
  const timers = new Map<number, { atMs: number; action: () => void }>();
  return {
    now: () => now,
    setTimeout(action: () => void, ms: number): number {
      timers.set(next, { atMs: now + ms, action });
      return next++;
    },
    clearTimeout(handle: unknown): void {
      timers.delete(handle as number);
    },
    /** Lets `ms` pass, and runs what falls due in order; promises settle between. */
    async pass(ms: number): Promise<void> {
      const until = now + ms;
      for (;;) {
        await new Promise<void>((resolve) => setImmediate(resolve));
        const due = [...timers.entries()]
          .filter(([, { atMs }]) => atMs <= until)
          .sort(([, a], [, b]) => a.atMs - b.atMs)[0];
        if (!due) break;
        timers.delete(due[0]);
        now = Math.max(now, due[1].atMs);
        due[1].action();
      }
      now = until;
      await new Promise<void>((resolve) => setImmediate(resolve));
    },
    /** Moves the time on, and runs nothing. */
    jump(ms: number): void {
      now += ms;
    },
    get pending(): number {
      return timers.size;
    },
  };
}
