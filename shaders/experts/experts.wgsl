// experts (NETWORK.md 3.7): y_i[n] = Σ_k W_e[n, k]·x_i[k] for the pairs i of a row and one of its experts e. W stays quantised, x
// and y are f32. A weight is read once for ROWS (up to 16) of the pairs that share its expert, an x once for four rows of W.
// With SHARED also for every row t with the shared expert, whose W may be of another type; its row of y is that of pair
// USED·MAX_ROWS + t.
// With GATED, y_i[n] = silu(W_e[n]·x_i)·(W_e[N / 2 + n]·x_i).
// Order (I3): see four_rows.wgsl. Nothing of it depends on the other pairs.
// 0, 1 W     [K, N, experts]       read         by blocks/*.wgsl, see quads.wgsl; the shared expert's by names that end in _2
// 2 x        [K, T or USED·T]      read         in lane order
// 3 out      [out_stride, pairs]   read_write
// 4 step                           read
// 6 routing                        read         see routing.wgsl
// Dispatch (N·LANES / (4·WORKGROUP), experts in use at most, one more with SHARED), workgroup WORKGROUP; LANES = 1 on a CPU device.
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;
@group(0) @binding(4) var<storage, read> step: StepState;
@group(0) @binding(6) var<storage, read> routing: Routing;

const SIZE = WORKGROUP;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) local: u32) {
  // The shared expert first: it has the most rows.
  let is_shared = SHARED && wg.y == 0u;
  let slot = wg.y - select(0u, 1u, SHARED);
  if (step.rows == 0u || (!is_shared && slot >= routing.distinct)) { return; }
  var mine = vec4u(shape.first, 0u, pass_rows(), 0u);
  if (!is_shared) { mine = routing.groups[slot]; }
  let expert = mine.x;
  let first = mine.y;
  let all = mine.z;
  if (expert < shape.first || expert >= shape.first + shape.experts) { return; }
  let n = (wg.x * (WORKGROUP / LANES) + local / LANES) * OWN;
  let lane = local % LANES;
  let own = (expert - shape.first) * shape.n + rows_of(n, shape.n);
  for (var done = 0u; done < all; done += ROWS) {
    let count = min(ROWS, all - done);
    var input = array<u32, ROWS>();
    for (var r = 0u; r < ROWS; r++) {
      let i = first + done + min(r, count - 1u);
      input[r] = select(routing.pairs[min(i, MOST_PAIRS - 1u)] / shape.per_input, i, is_shared) * (shape.k / 4u);
    }
    var acc = array<vec4f, ROWS>();
    if (is_shared) { multiply_2(own, lane, count, &input, &acc); } else { multiply(own, lane, count, &input, &acc); }
    for (var b = 0u; b < row_trips(); b += TOGETHER) {
      for (var r = 0u; r < TOGETHER; r++) { partial[r * SIZE + local] = acc[b + r]; }
      add_lanes(local);
      // All lanes iterate equally often: else FXC takes the barriers for divergent.
      for (var at = 0u; at < trips(OWN * TOGETHER); at += LANES) {
        let r = (at + lane) / OWN;
        let i = (at + lane) % OWN;
        if (r < TOGETHER && b + r < count && n + i < columns(shape.n)) {
          let place = first + done + b + r;
          let row = select(routing.pairs[min(place, MOST_PAIRS - 1u)], MOST_PAIRS + place, is_shared);
          var column = shape.column + n + i;
          if (shape.lane_order != 0u) { column = column_place(column, shape.out_stride); }
          out[row * shape.out_stride + column] = result(partial[r * SIZE + local - lane], i);
        }
      }
      workgroupBarrier();
    }
  }
}
