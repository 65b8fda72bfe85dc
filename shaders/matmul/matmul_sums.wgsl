// What one lane adds up in matmul.wgsl: its groups of four rows `own` of W, of one type, with the rows of x from row `base` on.
fn multiply(own: Own, lane: u32, base: u32, acc: ptr<function, Products>, squares: ptr<function, Squares>) {
  for (var group = lane; group < shape.k / 32u; group += LANES) {
    var h = headers(own[0], group);
    for (var piece = 0u; piece < piece_trips(); piece++) {
      for (var i = 0u; i < trips(8u / PIECES); i++) {
        let weight = quads(h, i);
        let at = lane_quad(group, piece * (8u / PIECES) + i, shape.k);
        let factor = gain(at);
        for (var r = 0u; r < row_trips(); r++) {
          let v = x[input_row_after(base, r) * (shape.k / 4u) + at];
          if (NORMED) { (*squares)[r] = add_squares((*squares)[r], v); }
          (*acc)[r] = add_products((*acc)[r], weight, input(v, r, factor));
        }
      }
      h = Headers(next_piece(h.a), next_piece(h.b), next_piece(h.c), next_piece(h.d));
    }
  }
}
