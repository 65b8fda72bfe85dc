// matmul: y_t[n] = Σ_k W[n, k]·x_t[k] for 1 to MAX_ROWS rows t; W stays quantised, x and y are f32. Each weight is read
// once for ROWS (up to 16) rows, each x once for four rows of W, FOURS of them.
// With GATED, y_t[n] = silu(W[n]·x_t)·(W[N / 2 + n]·x_t).
// The input may be a norm of x, see input_*.wgsl.
// Order (I3): see four_rows.wgsl.
// 0, 1 W     [K, N]           read   by blocks/*.wgsl, see quads.wgsl and two_types.wgsl
// 2 x        [K, T]           read         in lane order
// 3 out                       read_write   see matmul_output.wgsl
// 4 step                      read
// 6, 7                                     see input_*.wgsl
// 9 rest                      read_write   see two_outputs.wgsl
// Dispatch (min(groups, GRID_X), T / ROWS, …), groups = N·LANES / (4·FOURS·WORKGROUP), workgroup WORKGROUP; LANES = 1 on a CPU
// device.
const SIZE = WORKGROUP;

// Two variables and no struct: AMD's compiler puts one of more than 256 bytes into memory.
alias Products = array<vec4f, FOURS * ROWS>; // [ROWS, FOURS] of four rows of W with each row of x
alias Squares = array<f32, ROWS>;            // with NORMED, of each row of x
alias Own = array<vec4u, FOURS>;             // rows of W, by fours

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) local: u32) {
  let rows = rows_wanted();
  let first = wg.y * ROWS;
  if (first >= rows) { return; }
  let slab = slab_of(wg.z * GRID_X + wg.x);
  let n = (slab.group * (WORKGROUP / LANES) + local / LANES) * OWN * FOURS;
  let lane = local % LANES;
  let base = input_row(first);
  var own = Own();
  for (var f = 0u; f < FOURS; f++) { own[f] = rows_of(n + f * OWN, slab.rows); }
  var acc = Products();
  var squares = Squares();
  prepare(first, min(ROWS, rows - first), wg.z * GRID_X + wg.x, local);
  multiply_slab(slab, own, lane, base, &acc, &squares);
  let count = min(ROWS, rows - first);
  for (var done = 0u; done < row_trips(); done += TOGETHER) {
    var scales = vec4f(1.0);
    if (NORMED) {
      let last = ROWS - 1u;
      partial[local] = vec4f(
        squares[done], squares[min(done + 1u, last)], squares[min(done + 2u, last)], squares[min(done + 3u, last)],
      );
      add_lanes(local);
      for (var r = 0u; r < 4u; r++) { scales[r] = norm_scale(partial[local - lane][r], shape.k); }
      workgroupBarrier();
    }
    for (var f = 0u; f < FOURS; f++) {
      for (var r = 0u; r < TOGETHER; r++) { partial[r * SIZE + local] = acc[f * ROWS + min(done + r, ROWS - 1u)]; }
      add_lanes(local);
      // All lanes iterate equally often: else FXC takes the barriers for divergent.
      for (var at = 0u; at < trips(OWN * TOGETHER); at += LANES) {
        let r = (at + lane) / OWN;
        let i = (at + lane) % OWN;
        let column = n + f * OWN + i;
        if (r < TOGETHER && done + r < count && column < columns(slab.rows)) {
          let scaled = partial[r * SIZE + local - lane] * scales[r] * input_scale(first + done + r);
          store(first + done + r, slab.first + column, result(scaled, i));
        }
      }
      workgroupBarrier();
    }
  }
}
