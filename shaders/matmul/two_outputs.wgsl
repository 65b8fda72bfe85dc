// Columns of a product from `rest` on (matmul_shape.wgsl) go to a second output, and there to row t, whatever ring `out` is.
// 9 rest   [rest_stride, T]   read_write
@group(0) @binding(9) var<storage, read_write> rest: array<f32>;

// Whether it has stored the column.
fn diverted(t: u32, column: u32, value: f32) -> bool {
  if (column < shape.rest) { return false; }
  let at = t * shape.rest_stride + column - shape.rest;
  if (at < arrayLength(&rest)) { rest[at] = value; } // else of more rows than the plan was recorded for
  return true;
}
