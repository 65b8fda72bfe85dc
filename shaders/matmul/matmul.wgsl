// matmul: y_t[n] = Σ_k W[n, k]·x_t[k] for 1 to MAX_ROWS rows t; W stays quantised, x and y are f32. Each weight is read
// once for ROWS (up to 16) rows, each x once for four rows of W.
// With GATED, W is a gate above a matrix of the same size: y_t[n] = silu(W[n]·x_t)·(W[N / 2 + n]·x_t) (NETWORK.md 3.6).
// Order (I3): see four_rows.wgsl.
// 0, 1 W     [K, N]           read   by blocks/*.wgsl: header(row, group), quad(header, i)
// 2 x        [x_stride, T]    read
// 3 out                       read_write   see matmul_output.wgsl
// 4 step                      read
// Dispatch (min(groups, GRID_X), T / ROWS, …), groups = N·LANES / (4·WORKGROUP), workgroup WORKGROUP; LANES = 1 on a CPU
// device.
const OWN = select(4u, 2u, GATED); // columns of y that come of four rows of W

fn columns() -> u32 { return select(shape.n, shape.n / 2u, GATED); }

fn weight_rows(n: u32) -> vec4u {
  let last = vec4u(columns() - 1u); // what is past it is computed, and not stored
  if (GATED) { return min(vec4u(n, n + 1u, n, n + 1u), last) + vec4u(0u, 0u, columns(), columns()); }
  return min(vec4u(n, n + 1u, n + 2u, n + 3u), last);
}

fn result(sums: vec4f, i: u32) -> f32 {
  if (!GATED) { return sums[i]; }
  let gate = sums[i];
  return gate / (1.0 + exp(min(-gate, 80.0))) * sums[i + 2u];
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) local: u32) {
  let rows = rows_wanted();
  let first = wg.y * ROWS;
  if (first >= rows) { return; }
  let n = ((wg.z * GRID_X + wg.x) * (WORKGROUP / LANES) + local / LANES) * OWN;
  let lane = local % LANES;
  let base = input_row(first);
  let weights = weight_rows(n);
  var acc = array<vec4f, ROWS>();
  for (var group = lane; group < shape.k / 32u; group += LANES) {
    let h = headers(weights, group);
    for (var i = 0u; i < trips(8u); i++) {
      let w = quads(h, i);
      for (var r = 0u; r < ROWS; r++) {
        acc[r] = add_products(acc[r], w, x[input_row_after(base, r) * (shape.x_stride / 4u) + group * 8u + i]);
      }
    }
  }
  let count = min(ROWS, rows - first);
  for (var done = 0u; done < ROWS; done += TOGETHER) {
    for (var r = 0u; r < TOGETHER; r++) { partial[r * WORKGROUP + local] = acc[min(done + r, ROWS - 1u)]; }
    add_lanes(local);
    for (var i = lane; i < OWN * min(TOGETHER, max(count, done) - done); i += LANES) {
      if (n + i % OWN < columns()) {
        let sums = partial[i / OWN * WORKGROUP + local - lane];
        store(first + done + i / OWN, n + i % OWN, result(sums, i % OWN));
      }
    }
    workgroupBarrier();
  }
}
