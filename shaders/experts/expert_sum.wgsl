// expert_sum (NETWORK.md 3.7): x_t ← x_t + (Σ_j w_j·y_{t,j} + w·y_t of the shared expert, if there is one)
// Order: fma over j in turn, then the shared expert. All rows are in lane order.
// 0 routing                      read         see routing.wgsl
// 1 y              [E, USED, T]  read
// 2 shared_expert  [E, T]        read
// 3 x              [E, T]        read_write
// 4 step                         read
// Dispatch (E / (4·WORKGROUP), T), workgroup WORKGROUP: an invocation owns four neighbours.
@group(0) @binding(0) var<storage, read> routing: Routing;
@group(0) @binding(1) var<storage, read> y: array<vec4f>;
@group(0) @binding(2) var<storage, read> shared_expert: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> x: array<vec4f>;
@group(0) @binding(4) var<storage, read> step: StepState;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let t = id.y;
  if (t >= step.rows || id.x >= E / 4u) { return; }
  var sum = vec4f();
  for (var j = 0u; j < USED; j++) {
    let weight = bitcast<f32>(routing.picks[t][j].y);
    sum = fma(vec4f(weight), y[(t * USED + j) * (E / 4u) + id.x], sum);
  }
  if (SHARED) {
    let gate = bitcast<f32>(routing.picks[t][USED].y);
    sum = fma(vec4f(gate), shared_expert[t * (E / 4u) + id.x], sum);
  }
  x[t * (E / 4u) + id.x] += sum;
}
