/** A line through points, by least squares. */
export interface Slope {
  /** Of y, for one of x. */
  readonly slope: number;
  /** Its standard error. */
  readonly error: number;
}

/** @throws Error for fewer than three points, from which no error can be told */
export function slopeOf(points: readonly (readonly [x: number, y: number])[]): Slope {
  const n = points.length;
  if (n < 3) throw new Error(`a slope with its error takes three points, and there are ${n}`);
  const mean = (of: (point: readonly [number, number]) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / n;
  const [x0, y0] = [mean(([x]) => x), mean(([, y]) => y)];
  const sum = (of: (x: number, y: number) => number) =>
    points.reduce((total, [x, y]) => total + of(x - x0, y - y0), 0);
  const spread = sum((x) => x * x);
  const slope = sum((x, y) => x * y) / spread;
  const left = sum((x, y) => (y - slope * x) ** 2);
  return { slope, error: Math.sqrt(left / (n - 2) / spread) };
}
