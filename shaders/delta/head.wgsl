// What the kernels of a delta net share (NETWORK.md 3.4): SiLU, the gates of a row's value head h, and its norm and gate.
// Needs `proj` [STRIDE, T]: z at column 0, then α, then β; and `vectors`: ssm_a [HV], ssm_dt [HV], ssm_norm [D].
// Products and sums are explicit fma where a compiler could join them, so that two kernels get the same bits (I3).
fn silu(x: vec4f) -> vec4f { return x * (1.0 / (1.0 + exp(min(-x, vec4f(80.0))))); }
fn softplus(x: f32) -> f32 { return select(log(1.0 + exp(min(x, 20.0))), x, x > 20.0); }
fn dot_quad(a: vec4f, b: vec4f) -> f32 { return fma(a.x, b.x, a.y * b.y) + fma(a.z, b.z, a.w * b.w); }

// g = ssm_a·softplus(α + ssm_dt), β = sigmoid(b)
fn row_gates(row: u32, h: u32) -> vec2f {
  let at = row * STRIDE + HV * D + h;
  let g = vectors[h] * softplus(proj[at] + vectors[HV + h]);
  return vec2f(g, 1.0 / (1.0 + exp(min(-proj[at + HV], 80.0))));
}

// u = rms(o) ∘ ssm_norm ∘ silu(z): four columns of a head, `squares` being the sum over the head of o².
fn gated(o: vec4f, squares: f32, row: u32, h: u32, quad: u32) -> vec4f {
  let at = row * STRIDE + h * D + 4u * quad;
  let n = 2u * HV + 4u * quad;
  let z = vec4f(proj[at], proj[at + 1u], proj[at + 2u], proj[at + 3u]);
  let weight = vec4f(vectors[n], vectors[n + 1u], vectors[n + 2u], vectors[n + 3u]);
  return o / sqrt(squares / f32(D) + EPS) * weight * silu(z);
}
