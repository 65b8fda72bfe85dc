// attention_merge (NETWORK.md 3.2): joins a row's splits, in order of position, and gates the result where the model does:
//   m = max m_s,  o = Σ exp(m_s − m)·o_s / Σ exp(m_s − m)·l_s,  y = o ∘ sigmoid(gate), or o unless GATED
// 0 partials  [D + 4, SPLITS, HQ, T]  read   o, then m, l
// 1 proj      [STRIDE, T]             read   the gate of head h is at (2h + 1)·D
// 2 y         [D, HQ, T]              read_write   each row in lane order
// 3 step                              read
// Dispatch (HQ, T), workgroup D/4.
@group(0) @binding(0) var<storage, read> partials: array<vec4f>;
@group(0) @binding(1) var<storage, read> proj: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<storage, read> step: StepState;

const QUADS = D / 4u;

@compute @workgroup_size(QUADS)
fn main(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) local: u32) {
  let t = wg.y;
  if (t >= step.rows) { return; }
  let splits = min((step.position + t) / SPLIT + 1u, SPLITS);
  let source = (t * HQ + wg.x) * SPLITS * (QUADS + 1u);
  var m = -3.0e38;
  for (var s = 0u; s < splits; s++) { m = max(m, partials[source + s * (QUADS + 1u) + QUADS].x); }
  var o = vec4f();
  var l = 0.0;
  for (var s = 0u; s < splits; s++) {
    let at = source + s * (QUADS + 1u);
    let scale = exp(partials[at + QUADS].x - m);
    o = fma(vec4f(scale), partials[at + local], o);
    l = fma(scale, partials[at + QUADS].y, l);
  }
  var result = o / l;
  if (GATED) {
    let gate = proj[t * (STRIDE / 4u) + (2u * wg.x + 1u) * QUADS + local];
    result = result / (1.0 + exp(min(-gate, vec4f(80.0))));
  }
  y[t * HQ * QUADS + quad_place(wg.x * QUADS + local, HQ * D)] = result;
}
