/** y_t[n] = Σ_k W[n, k]·x_t[k] in f64; W [columns, N] and x [columns, T] row after row, y [N, T]. */
export function products(weights: Float64Array, columns: number, x: Float32Array): Float64Array {
  const n = weights.length / columns;
  const rows = x.length / columns;
  const y = new Float64Array(n * rows);
  for (let t = 0; t < rows; t++) {
    for (let row = 0; row < n; row++) {
      let sum = 0;
      for (let k = 0; k < columns; k++) sum += weights[row * columns + k]! * x[t * columns + k]!;
      y[t * n + row] = sum;
    }
  }
  return y;
}

/**
 * The relative error that products in f32 may have. Rounding errors are independent: a chain of K/4 fma, four of them
 * a row, has a relative error near u·√(K/4 / 6) with u = 2⁻²⁴ (4.4e-7 at K = 1280), and three roundings of each weight
 * add less than 1e-7. One wrong bit of one weight in a matrix of 40 rows is above 1e-5.
 */
export const productTolerance = 1e-6;
