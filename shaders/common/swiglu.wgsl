// swiglu (NETWORK.md 3.6): y = silu(gate) ∘ up
// 0 x      [2·F, PER·T]   read         gate, then up; PER rows for each row of the pass
// 1 y      [F, PER·T]     read_write   in lane order
// 2 step                  read
// Dispatch (F / (4·WORKGROUP), PER·T), workgroup WORKGROUP: an invocation owns four neighbours.
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<storage, read> step: StepState;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let t = id.y;
  if (t >= PER * step.rows || id.x >= F / 4u) { return; }
  let gate = x[t * (F / 2u) + id.x];
  let up = x[t * (F / 2u) + F / 4u + id.x];
  y[t * (F / 4u) + quad_place(id.x, F)] = gate / (1.0 + exp(min(-gate, vec4f(80.0)))) * up;
}
