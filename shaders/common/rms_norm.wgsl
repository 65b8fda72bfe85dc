// rms_norm (NETWORK.md 3.1): y_t = x_t / √(mean(x_t²) + EPS) ∘ w
// Rows are in lane order, and w. Order of additions (I3): lane l of WORKGROUP sums quads l, l + WORKGROUP, … of the columns by fma;
// (x + y) + (z + w); binary tree over the lanes.
// 0 x      [X_STRIDE, T]   read         columns 0…K − 1 of rows X_ROW + t; with X_RING > 0, (position + X_ROW + t) mod X_RING
// 1 w      [K]             read
// 2 y      [Y_STRIDE, T]   read_write   columns Y_COLUMN… of rows t; with Y_RING > 0, (position + t) mod Y_RING
// 3 step                   read
// Dispatch (1, T), workgroup WORKGROUP.
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> w: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<storage, read> step: StepState;

var<workgroup> partial: array<f32, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) local: u32) {
  let t = wg.y;
  if (t >= step.rows) { return; }
  var source_row = t + X_ROW;
  if (X_RING > 0u) { source_row = (step.position + source_row) % max(X_RING, 1u); }
  var dest_row = t;
  if (Y_RING > 0u) { dest_row = (step.position + dest_row) % max(Y_RING, 1u); }
  let source = source_row * (X_STRIDE / 4u);
  let dest = dest_row * (Y_STRIDE / 4u);
  var squares = vec4f();
  for (var i = local; i < K / 4u; i += WORKGROUP) {
    let v = x[source + quad_place(i, X_STRIDE)];
    squares = fma(v, v, squares);
  }
  partial[local] = (squares.x + squares.y) + (squares.z + squares.w);
  for (var reach = WORKGROUP / 2u; reach > 0u; reach /= 2u) {
    workgroupBarrier();
    if (local < reach) { partial[local] += partial[local + reach]; }
  }
  workgroupBarrier();
  let scale = 1.0 / sqrt(partial[0] / f32(K) + EPS);
  for (var i = local; i < K / 4u; i += WORKGROUP) {
    y[dest + quad_place(Y_COLUMN / 4u + i, Y_STRIDE)] = x[source + quad_place(i, X_STRIDE)] * scale * w[quad_place(i, K)];
  }
}
