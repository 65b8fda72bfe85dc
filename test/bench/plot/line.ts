/** A line through points, by least squares: y = at0 + slope · x. */
export interface Line {
  readonly at0: number;
  /** Of y, for one of x. */
  readonly slope: number;
  /** The slope's standard error. */
  readonly error: number;
  /** The share of y's variance that the line has, R²: 1 where all points are on it. */
  readonly explained: number;
}

export type Point = readonly [x: number, y: number];

/** @throws Error for fewer than three points, from which no error can be told */
export function lineOf(points: readonly Point[]): Line {
  const n = points.length;
  if (n < 3) throw new Error(`a slope with its error takes three points, and there are ${n}`);
  const mean = (of: (point: Point) => number) => points.reduce((sum, point) => sum + of(point), 0) / n;
  const [x0, y0] = [mean(([x]) => x), mean(([, y]) => y)];
  const sum = (of: (x: number, y: number) => number) =>
    points.reduce((total, [x, y]) => total + of(x - x0, y - y0), 0);
  const spread = sum((x) => x * x);
  const slope = sum((x, y) => x * y) / spread;
  const left = sum((x, y) => (y - slope * x) ** 2);
  const all = sum((_, y) => y * y);
  return {
    at0: y0 - slope * x0,
    slope,
    error: Math.sqrt(left / (n - 2) / spread),
    explained: all === 0 ? 1 : 1 - left / all,
  };
}
