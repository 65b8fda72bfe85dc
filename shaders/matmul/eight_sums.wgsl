// What one lane adds up in matmul.wgsl where it has eight rows of W, of one type, and one row of x: the order of matmul_sums.wgsl.
fn multiply(own: Own, lane: u32, base: u32, acc: ptr<function, Products>, squares: ptr<function, Squares>) {
  for (var group = lane; group < shape.k / 32u; group += LANES) {
    let first = headers(own[0], group);
    let second = headers(own[1], group);
    for (var i = 0u; i < trips(8u); i++) {
      let at = lane_quad(group, i, shape.k);
      let v = x[input_row_after(base, 0u) * (shape.k / 4u) + at];
      if (NORMED) { (*squares)[0] = add_squares((*squares)[0], v); }
      let normed = input(v, 0u, gain(at));
      (*acc)[0] = add_products((*acc)[0], quads(first, i), normed);
      (*acc)[1] = add_products((*acc)[1], quads(second, i), normed);
    }
  }
}
