// Times in buckets that grow by 12 %: a quantile is off by at most 6 %, and any number of times takes a few bytes.
const GROWTH = 1.12;
const LOG_GROWTH = Math.log(GROWTH);

/** Counts by bucket: bucket b holds times of about GROWTH^b milliseconds. Plain JSON. */
export type Histogram = Record<string, number>;

const bucketOf = (ms: number): number => Math.round(Math.log(Math.max(ms, 0.1)) / LOG_GROWTH);

/** Counts a time; one that is no number is none, and would make the whole file unreadable. */
export function addTime(histogram: Histogram, ms: number): void {
  if (!Number.isFinite(ms)) return;
  const bucket = bucketOf(ms);
  histogram[bucket] = (histogram[bucket] ?? 0) + 1;
}

/** The time below which the share `q` (0 to 1) of the times lies, in ms; null where there are none. */
export function quantile(histogram: Histogram, q: number): number | null {
  const buckets = Object.entries(histogram)
    .map(([bucket, count]) => [Number(bucket), count] as const)
    .sort(([a], [b]) => a - b);
  const total = buckets.reduce((sum, [, count]) => sum + count, 0);
  let seen = 0;
  for (const [bucket, count] of buckets) {
    seen += count;
    if (seen >= q * total) return GROWTH ** bucket;
  }
  return null;
}
