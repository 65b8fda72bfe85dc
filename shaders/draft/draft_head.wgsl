// draft_head: y[n] = SCALE·W[ids_n]·x for the rows of the head that drafts are chosen from, x being the pass's last row.
// A head larger than a binding is split by rows: ids outside this slab are another dispatch's. Unused places of `ids`
// hold 2³² − 1 and lose to any other.
// Order: as in matmul.
// 0, 1 W     [K, N]    read   by blocks/*.wgsl: header(row, group), quad(header, i)
// 2 x, 3 out, 4 step          see matmul_output.wgsl
// 6 ids      [COUNT]   read
// Dispatch (groups), groups = COUNT·LANES / WORKGROUP, workgroup WORKGROUP.
@group(0) @binding(6) var<storage, read> ids: array<u32, COUNT>;

var<workgroup> partial: array<f32, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) local: u32) {
  if (step.rows == 0u) { return; }
  let n = wg.x * (WORKGROUP / LANES) + local / LANES;
  let id = ids[min(n, COUNT - 1u)];
  let row = id - shape.first; // wraps to a large number below first
  let lane = local % LANES;
  let source = input_row(0u) * (shape.x_stride / 4u);
  var acc = vec4f();
  if (row < shape.n) {
    for (var group = lane; group < shape.k / 32u; group += LANES) {
      let h = header(row, group);
      for (var i = 0u; i < trips(8u); i++) { acc = fma(quad(h, i), x[source + group * 8u + i], acc); }
    }
  }
  partial[local] = (acc.x + acc.y) + (acc.z + acc.w);
  for (var reach = LANES / 2u; reach > 0u; reach /= 2u) {
    workgroupBarrier();
    if (lane < reach) { partial[local] += partial[local + reach]; }
  }
  if (n >= COUNT || lane > 0u) { return; }
  if (id == 0xffffffffu) { out[n] = -3.0e38; }
  if (row < shape.n) { out[n] = partial[local] * SCALE; }
}
