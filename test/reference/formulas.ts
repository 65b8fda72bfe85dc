// NETWORK.md 3 in f64, one function a formula, for rows given as arrays.

export type Row = ArrayLike<number>;

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
export const silu = (x: number): number => x * sigmoid(x);
export const softplus = (x: number): number => (x > 20 ? x : Math.log1p(Math.exp(x)));

/** RMSNorm(x, w) = x / √(mean(x²) + ε) ∘ w */
export function rmsNorm(x: Row, w: Row, epsilon: number): Float64Array {
  let squares = 0;
  for (let i = 0; i < x.length; i++) squares += x[i]! ** 2;
  const scale = 1 / Math.sqrt(squares / x.length + epsilon);
  return Float64Array.from(x, (value, i) => value * scale * w[i]!);
}

/** x / max(‖x‖₂, ε) */
export function l2Norm(x: Row, epsilon: number): Float64Array {
  let squares = 0;
  for (let i = 0; i < x.length; i++) squares += x[i]! ** 2;
  return Float64Array.from(x, (value) => value / Math.max(Math.sqrt(squares), epsilon));
}

/**
 * Rotates dims (i, i + rotary/2) of a head, or (2i, 2i + 1) with `neighbours`, by position · base^(−2i/rotary), divided by
 * the pair's factor if there are `factors`.
 */
export function rope(
  x: Row,
  position: number,
  rotary: number,
  base: number,
  { neighbours = false, factors }: { neighbours?: boolean; factors?: Row | undefined } = {},
): Float64Array {
  const out = Float64Array.from(x);
  for (let i = 0; i < rotary / 2; i++) {
    const angle = (position * base ** ((-2 * i) / rotary)) / (factors?.[i] ?? 1);
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    const [a, b] = neighbours ? [2 * i, 2 * i + 1] : [i, i + rotary / 2];
    out[a] = x[a]! * cos - x[b]! * sin;
    out[b] = x[a]! * sin + x[b]! * cos;
  }
  return out;
}

/** Σ_p softmax_p(scale · q·k_p) · v_p over the keys and values given. */
export function softmaxAttention(
  q: Row,
  keys: readonly Row[],
  values: readonly Row[],
  scale: number,
): Float64Array {
  const scores = keys.map((k) => {
    let dot = 0;
    for (let i = 0; i < q.length; i++) dot += q[i]! * k[i]!;
    return dot * scale;
  });
  const highest = Math.max(...scores);
  const weights = scores.map((score) => Math.exp(score - highest));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const out = new Float64Array(q.length);
  for (const [p, v] of values.entries()) {
    for (let i = 0; i < q.length; i++) out[i]! += (weights[p]! / total) * v[i]!;
  }
  return out;
}

/** The gated delta rule of one V head, token after token. `state` is [k][v] at k·D + v, changed in place. */
export function deltaRule(
  state: Float64Array,
  { q, k, v, g, beta }: { q: Row; k: Row; v: Row; g: number; beta: number },
): Float64Array {
  const size = k.length;
  const decay = Math.exp(g);
  const predicted = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      state[i * size + j]! *= decay;
      predicted[j]! += state[i * size + j]! * k[i]!;
    }
  }
  const out = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      state[i * size + j]! += k[i]! * (v[j]! - predicted[j]!) * beta;
      out[j]! += (state[i * size + j]! * q[i]!) / Math.sqrt(size);
    }
  }
  return out;
}
