// embedding: x_t = SCALE·W[token_t], decoded. A table larger than a binding is split by rows: this slab holds rows first to
// first + n − 1, and tokens outside it are another dispatch's.
// 0, 1 W   [K, N]    read   by blocks/*.wgsl: header(row, group), quad(header, i)
// 2 x      [K, T]    read_write   in lane order
// 3 step             read
// Dispatch (1, T), workgroup WORKGROUP.
@group(0) @binding(2) var<storage, read_write> x: array<vec4f>;
@group(0) @binding(3) var<storage, read> step: StepState;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) local: u32) {
  let t = wg.y;
  if (t >= step.rows) { return; }
  let row = step.tokens[t] - shape.first; // wraps to a large number below first
  if (row >= shape.n) { return; }
  for (var group = local; group < shape.k / 32u; group += WORKGROUP) {
    let h = header(row, group);
    for (var i = 0u; i < trips(8u); i++) { x[t * (shape.k / 4u) + lane_quad(group, i, shape.k)] = quad(h, i) * SCALE; }
  }
}
