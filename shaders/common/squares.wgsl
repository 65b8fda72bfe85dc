// The scale of RMSNorm (NETWORK.md 3.1) from sums of squares.
// Order (I3): that of a product's sums, see matmul/four_rows.wgsl.
fn add_squares(sum: f32, x: vec4f) -> f32 {
  return fma(x.w, x.w, fma(x.z, x.z, fma(x.y, x.y, fma(x.x, x.x, sum))));
}

fn norm_scale(squares: f32, size: u32) -> f32 { return 1.0 / sqrt(squares / f32(size) + EPS); }
