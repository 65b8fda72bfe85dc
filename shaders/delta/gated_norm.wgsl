// gated_norm (NETWORK.md 3.4, step 7): u_h = rms(o_h) ∘ w ∘ silu(z_h), per V head
// 0 o      [S, HV, T]     read
// 1 w      [S]            read
// 2 proj   [STRIDE, T]    read         z at column 0
// 3 u      [S, HV, T]     read_write
// 4 step                  read
// Dispatch (HV, T), workgroup S.
@group(0) @binding(0) var<storage, read> o: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read> proj: array<f32>;
@group(0) @binding(3) var<storage, read_write> u: array<f32>;
@group(0) @binding(4) var<storage, read> step: StepState;

var<workgroup> partial: array<f32, S>;

@compute @workgroup_size(S)
fn main(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) local: u32) {
  let t = wg.y;
  if (t >= step.rows) { return; }
  let at = (t * HV + wg.x) * S + local;
  let x = o[at];
  partial[local] = x * x;
  for (var reach = S / 2u; reach > 0u; reach /= 2u) {
    workgroupBarrier();
    if (local < reach) { partial[local] += partial[local + reach]; }
  }
  workgroupBarrier();
  let z = proj[t * STRIDE + wg.x * S + local];
  u[at] = x / sqrt(partial[0] / f32(S) + EPS) * w[local] * (z / (1.0 + exp(min(-z, 80.0))));
}
