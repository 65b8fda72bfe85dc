// Where row t, column n of a product goes: out[t·out_stride + first + n] (matmul_shape.wgsl), or that column's place in lane order;
// times SCALE. Or to a second output, see one_output.wgsl and two_outputs.wgsl.
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

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
