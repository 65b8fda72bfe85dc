// Numbers for people.

export const percent = (rate: number | null): string => (rate === null ? "–" : `${Math.round(rate * 100)} %`);

export const time = (ms: number | null | undefined): string =>
  ms == null ? "–" : ms >= 1000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms)} ms`;

export const bytes = (count: number): string =>
  count >= 1e9
    ? `${(count / 1e9).toFixed(1)} GB`
    : count >= 1e6
      ? `${(count / 1e6).toFixed(1)} MB`
      : `${Math.round(count / 1e3)} kB`;

/** A share is shown from `minimum` on; below it, how far counting has come. */
export const share = ({ rate, n }: { rate: number | null; n: number }, minimum: number): string =>
  rate === null ? `collecting: ${n} of ${minimum}` : `${percent(rate)} of ${n}`;
