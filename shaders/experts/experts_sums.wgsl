// What one lane adds up in experts.wgsl and expert_down.wgsl: its groups of four rows `own` of W, of one type, with `count` of the
// rows of x that begin at `input`, in vec4s. Sums past `count` do not count.
fn multiply(own: vec4u, lane: u32, count: u32, input: ptr<function, array<u32, ROWS>>, acc: ptr<function, array<vec4f, ROWS>>) {
  for (var group = lane; group < shape.k / 32u; group += LANES) {
    let h = headers(own, group);
    for (var i = 0u; i < trips(8u); i++) {
      let w = quads(h, i);
      // Rows are skipped together where there are fewer; no break, so that loops unroll.
      for (var b = 0u; b < row_trips(); b += TOGETHER) {
        if (b < count) {
          for (var r = b; r < b + TOGETHER; r++) {
            (*acc)[r] = add_products((*acc)[r], w, x[(*input)[r] + lane_quad(group, i, shape.k)]);
          }
        }
      }
    }
  }
}
