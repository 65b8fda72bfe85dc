// The activations of a product, and which of their rows is its row t.
@group(0) @binding(2) var<storage, read> x: array<vec4f>;

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
