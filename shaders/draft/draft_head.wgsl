// draft_head: y[n] = SCALE·W[ids_n]·x for the rows of the head that drafts are chosen from, x being the pass's last row.
// A head larger than a binding is split by rows: ids outside this slab are another dispatch's. Unused places of `ids`
// hold 2³² − 1 and lose to any other.
// Order: as in matmul, see four_rows.wgsl.
// 0, 1 W     [K, N]    read   by blocks/*.wgsl: header(row, group), quad(header, i)
// 2 x, 3 out, 4 step          see matmul_output.wgsl
// 6 ids      [COUNT]   read
// Dispatch (groups), groups = COUNT·LANES / (4·WORKGROUP), workgroup WORKGROUP.
@group(0) @binding(6) var<storage, read> ids: array<u32, COUNT>;

const SIZE = WORKGROUP;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) local: u32) {
  if (step.rows == 0u) { return; }
  let n = (wg.x * (WORKGROUP / LANES) + local / LANES) * 4u;
  let lane = local % LANES;
  var wanted = vec4u();
  for (var i = 0u; i < 4u; i++) { wanted[i] = ids[min(n + i, COUNT - 1u)]; }
  let rows = wanted - shape.first; // wraps to large numbers below first
  let weights = min(rows, vec4u(shape.n - 1u));
  let source = input_row(0u) * (shape.k / 4u);
  var acc = vec4f();
  for (var group = lane; group < shape.k / 32u; group += LANES) {
    let h = headers(weights, group);
    for (var i = 0u; i < trips(8u); i++) {
      acc = add_products(acc, quads(h, i), x[source + lane_quad(group, i, shape.k)]);
    }
  }
  partial[local] = acc;
  add_lanes(local);
  for (var i = lane; i < 4u; i += LANES) {
    if (n + i < COUNT) {
      if (wanted[i] == 0xffffffffu) { out[n + i] = -3.0e38; }
      if (rows[i] < shape.n) { out[n + i] = partial[local - lane][i] * SCALE; }
    }
  }
}
