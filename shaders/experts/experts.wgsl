// experts (NETWORK.md 3.7): y_i[n] = Σ_k W_e[n, k]·x_i[k] for the pairs i of a row and one of its experts e. W stays quantised, x
// and y are f32. A weight is read once for ROWS (up to 16) of the pairs that share its expert, an x once for four rows of W.
// With GATED, y_i[n] = silu(W_e[n]·x_i)·(W_e[N / 2 + n]·x_i).
// Order (I3): see four_rows.wgsl. Nothing of it depends on the other pairs.
// 0, 1 W     [K, N, experts]       read         by blocks/*.wgsl: header(row, group), quad(header, i)
// 2 x        [K, T or USED·T]      read
// 3 out      [out_stride, USED·T]  read_write
// 4 step                           read
// 6 groups   [SLOTS]               read         see expert_group.wgsl
// 7 pairs    [USED·T]              read
// Dispatch (N·LANES / (4·WORKGROUP), SLOTS), workgroup WORKGROUP; LANES = 1 on a CPU device.
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;
@group(0) @binding(4) var<storage, read> step: StepState;
@group(0) @binding(6) var<storage, read> groups: array<vec4u>;
@group(0) @binding(7) var<storage, read> pairs: array<u32>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) local: u32) {
  let expert = groups[wg.y].x;
  let first = groups[wg.y].y;
  let all = select(groups[wg.y].z, 0u, step.rows == 0u);
  if (all == 0u || expert < shape.first || expert >= shape.first + shape.experts) { return; }
  let n = (wg.x * (WORKGROUP / LANES) + local / LANES) * OWN;
  let lane = local % LANES;
  let own = (expert - shape.first) * shape.n + rows_of(n, shape.n);
  for (var done = 0u; done < all; done += ROWS) {
    let count = min(ROWS, all - done);
    var input = array<u32, ROWS>();
    for (var r = 0u; r < ROWS; r++) {
      input[r] = pairs[first + done + min(r, count - 1u)] / shape.per_input * (shape.k / 4u);
    }
    var acc = array<vec4f, ROWS>();
    // Here and below all lanes iterate equally often: else FXC takes the barriers for divergent.
    for (var base = 0u; base < shape.k / 32u; base += LANES) {
      let group = base + lane;
      if (group < shape.k / 32u) {
        let h = headers(own, group);
        for (var i = 0u; i < trips(8u); i++) {
          let w = quads(h, i);
          // Pairs are skipped together where there are fewer; no break, so that loops unroll.
          for (var b = 0u; b < row_trips(); b += TOGETHER) {
            if (b < count) {
              for (var r = b; r < b + TOGETHER; r++) { acc[r] = add_products(acc[r], w, x[input[r] + group * 8u + i]); }
            }
          }
        }
      }
    }
    for (var b = 0u; b < ROWS; b += TOGETHER) {
      for (var r = 0u; r < TOGETHER; r++) { partial[r * WORKGROUP + local] = acc[b + r]; }
      add_lanes(local);
      for (var at = 0u; at < trips(OWN * TOGETHER); at += LANES) {
        let r = (at + lane) / OWN;
        let i = (at + lane) % OWN;
        if (r < TOGETHER && b + r < count && n + i < columns(shape.n)) {
          let row = pairs[first + done + b + r] * shape.out_stride + shape.column;
          out[row + n + i] = result(partial[r * WORKGROUP + local - lane], i);
        }
      }
      workgroupBarrier();
    }
  }
}
