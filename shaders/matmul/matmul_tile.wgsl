// matmul_tile: y_t[n] = Σ_k W[n, k]·x_t[k] for the up to MAX_ROWS rows of a prefill pass.
// Order: fma over k = 0…K − 1 for each output, for every number of rows.
// A workgroup owns MAX_ROWS rows × MAX_ROWS columns. Per 32 k: each of its MAX_ROWS invocations decodes one group of W and copies one of x
// into workgroup memory (k-major, so that neighbours write neighbouring words), then multiplies its 8 × 8 part.
// 0, 1 W     [K, N]           read   by blocks/*.wgsl: header(row, group), quad(header, i)
// 2 x        [x_stride, T]    read
// 3 out                       read_write   see matmul_output.wgsl
// 4 step                      read
// 6                           read         see input_plain.wgsl and input_scaled.wgsl
// Dispatch (min(N / MAX_ROWS, GRID_X), 1, …), workgroup MAX_ROWS.
const XS = 32u * MAX_ROWS;
// [MAX_ROWS, 32] of W, then [MAX_ROWS, 32] of x; at the end [MAX_ROWS columns, MAX_ROWS rows] of y
var<workgroup> tile: array<f32, MAX_ROWS * MAX_ROWS>;

@compute @workgroup_size(MAX_ROWS)
fn main(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) local: u32) {
  let rows = rows_wanted();
  if (rows == 0u) { return; }
  let n = (wg.z * GRID_X + wg.x) * MAX_ROWS + local;
  let source = input_row(min(local, rows - 1u)) * (shape.x_stride / 4u);
  let row0 = (local / 8u) * 8u;
  let col0 = (local % 8u) * 8u;
  let depth = select(32u, 0u, row0 >= rows); // nothing to do where all 8 rows are past the end
  var low = array<vec4f, 8>();
  var high = array<vec4f, 8>();
  for (var group = 0u; group < shape.k / 32u; group++) {
    let h = header(min(n, shape.n - 1u), group);
    for (var i = 0u; i < trips(8u); i++) {
      let w = quad(h, i);
      let v = x[source + group * 8u + i];
      for (var c = 0u; c < 4u; c++) {
        tile[(4u * i + c) * MAX_ROWS + local] = w[c];
        tile[XS + (4u * i + c) * MAX_ROWS + local] = v[c];
      }
    }
    workgroupBarrier();
    for (var k = 0u; k < depth; k++) {
      let at = k * MAX_ROWS + col0;
      let a = vec4f(tile[at], tile[at + 1u], tile[at + 2u], tile[at + 3u]);
      let b = vec4f(tile[at + 4u], tile[at + 5u], tile[at + 6u], tile[at + 7u]);
      for (var r = 0u; r < 8u; r++) {
        let v = vec4f(tile[XS + k * MAX_ROWS + row0 + r]);
        low[r] = fma(a, v, low[r]);
        high[r] = fma(b, v, high[r]);
      }
    }
    workgroupBarrier();
  }
  for (var r = 0u; r < 8u; r++) {
    let at = (row0 + r) * MAX_ROWS + col0;
    for (var c = 0u; c < 4u; c++) {
      tile[at + c] = low[r][c];
      tile[at + 4u + c] = high[r][c];
    }
  }
  workgroupBarrier();
  if (n >= shape.n) { return; }
  for (var t = 0u; t < rows; t++) { store(t, n, tile[t * MAX_ROWS + local] * input_scale(t)); }
}
