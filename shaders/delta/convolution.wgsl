// The causal convolution of four taps (NETWORK.md 3.4, step 2) at one position, for four neighbouring channels:
//   c_p = silu(Σ_j w_j·m_{p−3+j}), j = 0…3, m = 0 before the text
// Needs `tape` [C, RING], raw projections m by position mod RING, and `w` [4, C], whose tap 3 multiplies the current position.
fn raw(position: u32, back: u32, quad: u32) -> vec4f {
  if (back > position) { return vec4f(); }
  return tape[((position - back) % RING) * (C / 4u) + quad];
}

fn convolved(position: u32, quad: u32) -> vec4f {
  let w0 = w[4u * quad];
  let w1 = w[4u * quad + 1u];
  let w2 = w[4u * quad + 2u];
  let w3 = w[4u * quad + 3u];
  var c = vec4f();
  for (var j = 0u; j < trips(4u); j++) {
    c = fma(raw(position, 3u - j, quad), vec4f(w0[j], w1[j], w2[j], w3[j]), c);
  }
  return silu(c);
}
