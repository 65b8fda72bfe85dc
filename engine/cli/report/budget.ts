/** The time that a report may take. */
export interface Budget {
  readonly seconds: number;
  /** Milliseconds since it began. */
  spentMs(): number;
  /** Milliseconds that are left; 0 when it is spent. */
  leftMs(): number;
}

/** @param now milliseconds of a clock that does not go back */
export function createBudget(seconds: number, now: () => number): Budget {
  const started = now();
  const spentMs = () => now() - started;
  return { seconds, spentMs, leftMs: () => Math.max(0, seconds * 1000 - spentMs()) };
}

/** What of the time that is left one of several measurements may take, so that the others get theirs. */
export const shareOf = (budget: Budget, share: number): (() => boolean) => {
  const end = budget.spentMs() + share * budget.leftMs();
  return () => budget.spentMs() < end;
};

/** A time in words: seconds below two minutes. */
export const duration = (ms: number): string =>
  ms < 120_000 ? `${Math.ceil(ms / 1000)} s` : `${Math.ceil(ms / 60_000)} min`;
