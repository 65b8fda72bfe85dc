// matmul_tile: y_t[n] = Σ_k W[n, k]·x_t[k] for the up to MAX_ROWS rows of a prefill pass.
// Order: part p of PARTS takes groups p, p + PARTS, … of 32 k in turn, fma over k in turn; then the parts are added in turn.
// Nothing of it depends on the number of rows, nor on ROWS, COLUMNS and LANES.
// A workgroup owns ROWS rows × LANES·COLUMNS columns, and its parts share out K. An invocation keeps ROWS × COLUMNS sums in
// registers. It decodes its own columns, each weight once for ROWS rows; x comes from workgroup memory, STAGED groups at a
// time, and each quad of it serves COLUMNS columns. With PARTS = 1 (a CPU device, whose barriers cost more than they save) x
// is read where it lies.
// 0, 1 W     [K, N]           read   by blocks/*.wgsl: header(row, group), quad(header, i)
// 2 x        [K, T]           read         in lane order
// 3 out                       read_write   see matmul_output.wgsl
// 4 step                      read
// 6                           read         see input_plain.wgsl and input_scaled.wgsl
// 9 rest                      read_write   see two_outputs.wgsl
// Dispatch (T / ROWS, N / (LANES·COLUMNS)), workgroup LANES·PARTS. Workgroups without rows return at once. Those that share
// columns are neighbours, so that weights come from a cache for all but one of them.
const SIZE = LANES * PARTS;
const STAGED = 8u;
const QUADS = 8u * STAGED;
const FOURS = ROWS / 4u;
// [STAGED, 8, ROWS] of x, in lane order too; at the end [LANES, FOURS, PARTS] sums of four rows
var<workgroup> tile: array<vec4f, select(1u, max(ROWS * QUADS, SIZE * FOURS), PARTS > 1u)>;

// Where row t of the input begins. Rows past the end repeat the last one: what lies there is not ours, and may be NaN.
fn activations(t: u32, rows: u32) -> u32 { return input_row(min(t, rows - 1u)) * (shape.k / 4u); }
fn activation(source: u32, i: u32) -> vec4f { return x[source + i]; }

@compute @workgroup_size(SIZE)
fn main(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) local: u32) {
  let rows = rows_wanted();
  let first = wg.x * ROWS;
  if (first >= rows) { return; }
  let part = local / LANES;
  let n = wg.y * LANES * COLUMNS + local % LANES;
  let groups = shape.k / 32u;
  var source = array<u32, ROWS>();
  if (PARTS == 1u) {
    for (var r = 0u; r < ROWS; r++) { source[r] = activations(first + r, rows); }
  }
  var acc = array<array<f32, ROWS>, COLUMNS>();
  for (var base = 0u; base < groups; base += STAGED) {
    if (PARTS > 1u) {
      workgroupBarrier();
      for (var at = 0u; at < ROWS * QUADS; at += SIZE) { // a multiple of SIZE
        let i = at + local;
        let row = activations(first + i / QUADS, rows);
        let group = min(base + i % STAGED, groups - 1u);
        tile[i] = activation(row, lane_quad(group, i % QUADS / STAGED, shape.k));
      }
      workgroupBarrier();
    }
    // All parts iterate equally often: else FXC takes the barriers above for divergent.
    let staged = min(STAGED, groups - base);
    for (var done = 0u; done < staged; done += PARTS) {
      let group = done + part;
      if (PARTS > 1u && group >= staged) { continue; }
      var h = array<Header, COLUMNS>();
      for (var c = 0u; c < COLUMNS; c++) { h[c] = header(min(n + c * LANES, shape.n - 1u), base + group); }
      for (var i = 0u; i < trips(8u); i++) {
        var w = array<vec4f, COLUMNS>();
        for (var c = 0u; c < COLUMNS; c++) { w[c] = quad(h[c], i); }
        for (var r = 0u; r < ROWS; r++) {
          var v = vec4f();
          if (PARTS > 1u) {
            v = tile[r * QUADS + i * STAGED + group];
          } else {
            v = activation(source[r], lane_quad(base + group, i, shape.k));
          }
          for (var c = 0u; c < COLUMNS; c++) {
            acc[c][r] = fma(w[c].w, v.w, fma(w[c].z, v.z, fma(w[c].y, v.y, fma(w[c].x, v.x, acc[c][r]))));
          }
        }
      }
    }
  }
  if (PARTS == 1u) {
    for (var c = 0u; c < COLUMNS; c++) {
      for (var r = 0u; r < ROWS; r++) {
        if (n + c * LANES < shape.n && first + r < rows) {
          store(first + r, n + c * LANES, acc[c][r] * input_scale(first + r));
        }
      }
    }
    return;
  }
  for (var c = 0u; c < COLUMNS; c++) {
    workgroupBarrier();
    for (var f = 0u; f < FOURS; f++) {
      let sums = vec4f(acc[c][4u * f], acc[c][4u * f + 1u], acc[c][4u * f + 2u], acc[c][4u * f + 3u]);
      tile[(part * FOURS + f) * LANES + local % LANES] = sums;
    }
    workgroupBarrier();
    for (var at = 0u; at < FOURS * LANES; at += SIZE) {
      let i = at + local;
      if (i >= FOURS * LANES) { continue; }
      var y = tile[i];
      for (var p = 1u; p < PARTS; p++) { y += tile[p * FOURS * LANES + i]; }
      let column = (wg.y * COLUMNS + c) * LANES + i % LANES;
      for (var r = 0u; r < 4u; r++) {
        let t = first + i / LANES * 4u + r;
        if (column < shape.n && t < rows) { store(t, column, y[r] * input_scale(t)); }
      }
    }
  }
}
