// matmul: y_t[n] = Σ_k W[n, k]·x_t[k] for 1 to MAX_ROWS rows t; W stays quantised, x and y are f32. Each weight is read
// once for ROWS (up to 16) rows.
// Order (I3): lane l of LANES takes groups l, l + LANES, … of 32 weights in turn, fma into a vec4; then
// (x + y) + (z + w); then a binary tree over the lanes. Nothing of it depends on ROWS.
// 0, 1 W     [K, N]           read   by blocks/*.wgsl: header(row, group), quad(header, i)
// 2 x        [x_stride, T]    read
// 3 out                       read_write   see matmul_output.wgsl
// 4 step                      read
// Dispatch (min(groups, GRID_X), T / ROWS, …), groups = N·LANES / WORKGROUP, workgroup WORKGROUP; LANES = 1 on a CPU device.
var<workgroup> partial: array<f32, WORKGROUP * ROWS>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) local: u32) {
  let rows = rows_wanted();
  let first = wg.y * ROWS;
  if (first >= rows) { return; }
  let n = (wg.z * GRID_X + wg.x) * (WORKGROUP / LANES) + local / LANES;
  let lane = local % LANES;
  let base = input_row(first);
  var acc = array<vec4f, ROWS>();
  for (var group = lane; group < shape.k / 32u; group += LANES) {
    let h = header(min(n, shape.n - 1u), group);
    for (var i = 0u; i < trips(8u); i++) {
      let w = quad(h, i);
      for (var r = 0u; r < ROWS; r++) {
        acc[r] = fma(w, x[input_row_after(base, r) * (shape.x_stride / 4u) + group * 8u + i], acc[r]);
      }
    }
  }
  for (var r = 0u; r < ROWS; r++) {
    partial[r * WORKGROUP + local] = (acc[r].x + acc[r].y) + (acc[r].z + acc[r].w);
  }
  let count = min(ROWS, rows - first);
  for (var reach = LANES / 2u; reach > 0u; reach /= 2u) {
    workgroupBarrier();
    if (lane < reach) {
      for (var r = 0u; r < count; r++) { partial[r * WORKGROUP + local] += partial[r * WORKGROUP + local + reach]; }
    }
  }
  if (n >= shape.n || lane > 0u) { return; }
  for (var r = 0u; r < count; r++) { store(first + r, n, partial[r * WORKGROUP + local]); }
}
