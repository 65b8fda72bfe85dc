// gated_norm (NETWORK.md 3.4, step 7): u_h = rms(o_h) ∘ ssm_norm ∘ silu(z_h), per V head, by head.wgsl
// Order (I3), that of gated_delta_net: an invocation's four squares by dot_quad, then the invocations of the row in turn.
// 0 o        [D, HV, T]   read
// 1 proj     [STRIDE, T]  read         z, α, β
// 2 vectors  [2·HV + D]   read         ssm_a, ssm_dt, ssm_norm
// 3 u        [D, HV, T]   read_write   each row in lane order
// 4 step                  read
// Dispatch (HV, T / 4), workgroup D: a workgroup owns four rows of one head, an invocation four neighbours.
@group(0) @binding(0) var<storage, read> o: array<vec4f>;
@group(0) @binding(1) var<storage, read> proj: array<f32>;
@group(0) @binding(2) var<storage, read> vectors: array<f32>;
@group(0) @binding(3) var<storage, read_write> u: array<vec4f>;
@group(0) @binding(4) var<storage, read> step: StepState;

const QUADS = D / 4u;
var<workgroup> squares: array<f32, D>;

@compute @workgroup_size(D)
fn main(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) local: u32) {
  if (4u * wg.y >= step.rows) { return; }
  let t = 4u * wg.y + local / QUADS;
  let quad = local % QUADS;
  let at = (t * HV + wg.x) * QUADS + quad;
  var x = vec4f();
  if (t < step.rows) { x = o[at]; }
  squares[local] = dot_quad(x, x);
  workgroupBarrier();
  var sum = 0.0;
  for (var i = 0u; i < trips(QUADS); i++) { sum += squares[local - quad + i]; }
  if (t < step.rows) {
    u[t * HV * QUADS + quad_place(wg.x * QUADS + quad, HV * D)] = gated(x, sum, t, wg.x, quad);
  }
}
