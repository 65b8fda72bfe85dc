// norm_gain (NETWORK.md 3.1): rows that products take for rms(x_t) ∘ w: y_t = x_t ∘ w, and s_t = 1 / √(mean(x_t²) + EPS), by which
// they multiply their results. The bits are those of a product that does both itself (matmul/input_normed.wgsl).
// 0 x       [K, T]   read         x, w and y in lane order
// 1 w       [K]      read
// 2 y       [K, T]   read_write
// 3 scales  [T]      read_write
// 4 step             read
// Dispatch (1, T), workgroup WORKGROUP.
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> w: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> scales: array<f32>;
@group(0) @binding(4) var<storage, read> step: StepState;

var<workgroup> partial: array<f32, LANES>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) local: u32) {
  let t = wg.y;
  if (t >= step.rows) { return; }
  let row = t * (K / 4u);
  for (var i = local; i < K / 4u; i += WORKGROUP) { y[row + i] = x[row + i] * w[i]; }
  if (local < LANES) {
    var squares = 0.0;
    for (var group = local; group < K / 32u; group += LANES) {
      for (var i = 0u; i < trips(8u); i++) { squares = add_squares(squares, x[row + lane_quad(group, i, K)]); }
    }
    partial[local] = squares;
  }
  for (var reach = LANES / 2u; reach > 0u; reach /= 2u) {
    workgroupBarrier();
    if (local < reach) { partial[local] += partial[local + reach]; }
  }
  if (local == 0u) { scales[t] = norm_scale(partial[0], K); }
}
