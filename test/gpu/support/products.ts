import type { Gpu } from "../../../engine/gpu/index.ts";
import { maxRows, type Path } from "../../../engine/model/index.ts";
import { type MatmulOptions, recordMatmul } from "../../../engine/model/layers/matmul.ts";
import type { Matrix } from "../../../engine/model/weights.ts";
import { toLaneOrder } from "./lane_rows.ts";
import type { TestBed } from "./test_bed.ts";

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
 * a row, has a relative error near u·√(K/24) with u = 2⁻²⁴ (4.4e-7 at K = 1280), and three roundings of each weight
 * add less than 1e-7. One wrong bit of one weight in a matrix of 40 rows is above 1e-5.
 */
export const productTolerance = 1e-6;

/** Runs the product for the rows of `x`, with poison beyond them, and returns `out`: 64 rows, poison where unwritten. */
export async function multiply(
  bed: TestBed,
  path: Path,
  matrix: Matrix,
  x: Float32Array,
  gpu: Gpu = bed.gpu,
  { position = 0, ...options }: Partial<MatmulOptions> & { position?: number } = {},
): Promise<Float32Array> {
  const input = bed.upload(toLaneOrder(x, matrix.columns), maxRows * matrix.columns);
  const out = bed.poisoned(maxRows * matrix.rows);
  bed.setStep(position, x.length / matrix.columns);
  await bed.run((to) => recordMatmul(bed.rows(to, path), matrix, { x: input, out, ...options }), { gpu });
  return bed.floats(out);
}
