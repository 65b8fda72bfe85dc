// What a head passes before attention_prepare rotates it (NETWORK.md 3.2): q and k are normalised, v stays as it is.
//   y = v / √(mean v² + ε) ∘ w
@group(0) @binding(1) var<storage, read> q_norm: array<vec4f>; // [D]
@group(0) @binding(2) var<storage, read> k_norm: array<vec4f>; // [D]

var<workgroup> partial: array<f32, D / 4u>;

// `which` counts q heads, then k heads, then v heads; `at` is the quad's place in the projection.
fn shaped(v: vec4f, which: u32, at: u32, local: u32) -> vec4f {
  if (which >= HQ + HKV) { return v; }
  let squares = v * v;
  partial[local] = (squares.x + squares.y) + (squares.z + squares.w);
  for (var reach = D / 8u; reach > 0u; reach /= 2u) {
    workgroupBarrier();
    if (local < reach) { partial[local] += partial[local + reach]; }
  }
  workgroupBarrier();
  let scale = 1.0 / sqrt(partial[0] / f32(D) + EPS);
  var weight = k_norm[local];
  if (which < HQ) { weight = q_norm[local]; }
  return v * scale * weight;
}
