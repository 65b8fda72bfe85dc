import type { Sampling } from "../../../engine/model/index.ts";

/** The lowest logit that the filters leave (NETWORK.md 4.6, llama.cpp's order: top-k, top-p of what is left, min-p), in f64. */
export function filterThreshold(logits: Float32Array, { topK, topP, minP }: Sampling): FilterThreshold {
  const sorted = Float64Array.from(logits).sort().reverse();
  const highest = sorted[0]!;
  let kept = topK > 0 ? Math.min(topK, sorted.length) : sorted.length;
  let threshold = topK > 0 ? sorted[kept - 1]! : -Infinity;
  while (kept < sorted.length && sorted[kept] === threshold) kept++; // equal logits stay together
  let margin = Infinity;
  if (topP < 1) {
    const masses = sorted.subarray(0, kept).map((x) => Math.exp(x - highest));
    const total = masses.reduce((sum, mass) => sum + mass, 0);
    let share = 0;
    let last = 0;
    while (last < kept) {
      const value = sorted[last]!;
      const before = share;
      while (last < kept && sorted[last] === value) share += masses[last++]! / total;
      margin = Math.min(margin, Math.abs(share - topP));
      if (share >= topP) {
        threshold = Math.max(threshold, value);
        margin = Math.min(margin, Math.abs(topP - before));
        break;
      }
    }
  }
  return { threshold: minP > 0 ? Math.max(threshold, highest + Math.log(minP)) : threshold, margin };
}

export interface FilterThreshold {
  readonly threshold: number;
  /** How far p was from a share at which the threshold changes. */
  readonly margin: number;
}

/** u in (0, 1) of shaders/sampling/vocabulary_partial.wgsl: pcg3d of seed, position and id. */
function uniformDraw(seed: number, position: number, id: number): number {
  return ((hash(seed, position, id) >>> 9) + 0.5) * 2 ** -23;
}

export function hash(seed: number, position: number, id: number): number {
  const step = (n: number) => (Math.imul(n, 1664525) + 1013904223) | 0;
  let [x, y, z] = [step(seed), step(position), step(id)];
  x = (x + Math.imul(y, z)) | 0;
  y = (y + Math.imul(z, x)) | 0;
  z = (z + Math.imul(x, y)) | 0;
  x ^= x >>> 16;
  y ^= y >>> 16;
  z ^= z >>> 16;
  return (x + Math.imul(y, z)) >>> 0;
}

/** The id that the Gumbel arg-max draws among logits of at least `threshold`, and its lead over the next. */
export function gumbelDraw(
  logits: Float32Array,
  { seed, temperature }: Pick<Sampling, "seed" | "temperature">,
  position: number,
  threshold = -Infinity,
): { token: number; lead: number } {
  let token = -1;
  let best = -Infinity;
  let second = -Infinity;
  for (const [id, x] of logits.entries()) {
    if (x < threshold) continue;
    const key = x / temperature - Math.log(-Math.log(uniformDraw(seed, position, id)));
    if (key > best) {
      second = best;
      best = key;
      token = id;
    } else if (key > second) {
      second = key;
    }
  }
  return { token, lead: best - second };
}

/** ln softmax(logits)[token] in f64. */
export function logProbability(logits: Float32Array, token: number): number {
  const highest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  let total = 0;
  for (const x of logits) total += Math.exp(x - highest);
  return logits[token]! - highest - Math.log(total);
}
