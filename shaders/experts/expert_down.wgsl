// expert_down (NETWORK.md 3.7): x_t ← x_t + (Σ_j w_j·W_{e_j}·h_{t,j} + w·V·h_t with the shared expert's V, if there is one) for the
// up to ROWS rows of a narrow pass: the experts' last products and their sum. W and V stay quantised. A weight is read once for ROWS of
// the pairs that share its expert.
// Order (I3): that of experts.wgsl (four_rows.wgsl), then that of expert_sum.wgsl: so the bits are those of both.
// 0, 1 W      [K, N, COUNT]            read         by blocks/*.wgsl, see quads.wgsl; V by names that end in _2
// 2 x         [K, pairs]               read         in lane order; rows of the shared expert from USED·MAX_ROWS on
// 3 out       [N, T]                   read_write   the residual stream, in lane order
// 4 step                               read
// 6 routing                            read         see routing.wgsl
// Dispatch (N / 4, N a multiple of 4), workgroup SIZE = LANES·SIDES: a workgroup has four rows of every W; SIDES experts side by side.
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;
@group(0) @binding(4) var<storage, read> step: StepState;
@group(0) @binding(6) var<storage, read> routing: Routing;

const SIZE = LANES * SIDES;
// Of each pair of the pass, and then of each row's with the shared expert, the results n to n + 3.
var<workgroup> results: array<vec4f, (USED + 1u) * ROWS>;

@compute @workgroup_size(SIZE)
fn main(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) local: u32) {
  if (step.rows == 0u) { return; }
  let n = wg.x * OWN;
  let side = local / LANES;
  let lane = local % LANES;
  let rows = min(step.rows, ROWS);
  let distinct = routing.distinct;
  let slots = distinct + select(0u, 1u, SHARED);
  for (var base = 0u; base < slots; base += SIDES) {
    let slot = base + side;
    let is_shared = SHARED && slot == distinct;
    var mine = vec4u();
    if (slot < distinct) { mine = routing.groups[slot]; }
    if (is_shared) { mine = vec4u(0u, 0u, rows, 0u); }
    // All sides iterate as often as the one with the most pairs: they wait for each other.
    var most = select(0u, rows, SHARED && distinct < base + SIDES);
    for (var s = base; s < min(base + SIDES, distinct); s++) { most = max(most, routing.groups[s].z); }
    for (var done = 0u; done < most; done += ROWS) {
      let count = min(ROWS, max(mine.z, done) - done);
      var input = array<u32, ROWS>();
      var acc = array<vec4f, ROWS>();
      if (count > 0u) {
        for (var r = 0u; r < ROWS; r++) {
          let i = mine.y + done + min(r, count - 1u);
          input[r] = select(routing.pairs[min(i, MOST_PAIRS - 1u)], MOST_PAIRS + i, is_shared) * (shape.k / 4u);
        }
        if (is_shared) {
          multiply_2(rows_of(n, shape.n), lane, count, &input, &acc);
        } else {
          multiply(mine.x * shape.n + rows_of(n, shape.n), lane, count, &input, &acc);
        }
      }
      for (var b = 0u; b < row_trips(); b += TOGETHER) {
        if (done + b < most) {
          for (var r = 0u; r < TOGETHER; r++) { partial[r * SIZE + local] = acc[b + r]; }
          add_lanes(local);
          if (lane == 0u) {
            for (var r = 0u; r < TOGETHER; r++) {
              if (b + r < count) {
                let i = mine.y + done + b + r;
                let pair = select(routing.pairs[min(i, MOST_PAIRS - 1u)], USED * ROWS + i, is_shared);
                results[min(pair, (USED + 1u) * ROWS - 1u)] = partial[r * SIZE + local];
              }
            }
          }
          workgroupBarrier();
        }
      }
    }
  }
  for (var at = local; at < OWN * rows; at += SIZE) {
    let t = at / OWN;
    let i = at % OWN;
    var sum = 0.0;
    for (var j = 0u; j < USED; j++) {
      sum = fma(bitcast<f32>(routing.picks[t][j].y), results[t * USED + j][i], sum);
    }
    if (SHARED) { sum = fma(bitcast<f32>(routing.picks[t][USED].y), results[USED * ROWS + t][i], sum); }
    out[t * shape.n + column_place(n + i, shape.n)] += sum;
  }
}
