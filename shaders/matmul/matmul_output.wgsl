// The activations of a product, and where its row t, column n goes: out[t·out_stride + first + n] (matmul_shape.wgsl), or that
// column's place in lane order; times SCALE. Or to a second output, see one_output.wgsl and two_outputs.wgsl.
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;
@group(0) @binding(4) var<storage, read> step: StepState;

fn only_last() -> bool { return shape.last != 0u; }
fn rows_wanted() -> u32 { return select(max(step.rows, shape.skip) - shape.skip, min(step.rows, 1u), only_last()); }
fn input_row(t: u32) -> u32 {
  let row = select(t + shape.skip, pass_rows() - 1u, only_last());
  if (shape.x_ring > 0u) { return (step.position + row) % max(shape.x_ring, 1u); }
  return row;
}

// The row r after row `base` of the input: one comparison, where the position's remainder would cost a division in the
// innermost loop.
fn input_row_after(base: u32, r: u32) -> u32 {
  let row = base + r;
  return select(row, row - shape.x_ring, shape.x_ring > 0u && row >= shape.x_ring);
}

fn store(t: u32, n: u32, value: f32) {
  var column = shape.first + n;
  if (diverted(t, column, value * SCALE)) { return; }
  var row = t;
  if (shape.ring > 0u) { row = (step.position + t) % max(shape.ring, 1u); }
  if (shape.lane_order != 0u) { column = column_place(column, shape.out_stride); }
  let at = row * shape.out_stride + column;
  if (at >= arrayLength(&out)) { return; } // of more rows than the plan was recorded for
  if (shape.accumulate != 0u) { out[at] += value * SCALE; } else { out[at] = value * SCALE; }
}
