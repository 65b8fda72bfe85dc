// Four rows of W at a time, so that they share each reading of x. Component c of a vector is row c's.
// Order (I3): lane l of LANES takes groups l, l + LANES, … of 32 weights in turn, weight after weight, by fma into one sum
// for each row of x; then a binary tree over the lanes. Nothing of it depends on the number of rows of x.
// With GATED, W is a gate above a matrix of the same size, and rows n, n + 1 of both make results n and n + 1
// (NETWORK.md 3.6).
// SIZE is the kernel's workgroup.
const OWN = select(4u, 2u, GATED); // results of a row of x from four rows of W

// Results of a row of x from `rows` rows of W.
fn columns(rows: u32) -> u32 { return select(rows, rows / 2u, GATED); }

// Of `rows` rows the four for results n, n + 1, …. What is past the last is computed, and not stored.
fn rows_of(n: u32, rows: u32) -> vec4u {
  let results = columns(rows);
  if (results % OWN == 0u) {
    let at = min(n, results - OWN);
    if (GATED) { return vec4u(at, at + 1u, at + results, at + results + 1u); }
    return vec4u(at, at + 1u, at + 2u, at + 3u);
  }
  let last = vec4u(results - 1u);
  if (GATED) { return min(vec4u(n, n + 1u, n, n + 1u), last) + vec4u(0u, 0u, results, results); }
  return min(vec4u(n, n + 1u, n + 2u, n + 3u), last);
}

// Result i of the sums of four rows.
fn result(sums: vec4f, i: u32) -> f32 {
  if (!GATED) { return sums[i]; }
  let gate = sums[i];
  return gate / (1.0 + exp(min(-gate, 80.0))) * sums[i + 2u];
}

fn add_products(sum: vec4f, w: mat4x4f, x: vec4f) -> vec4f {
  return fma(w[3], vec4f(x.w), fma(w[2], vec4f(x.z), fma(w[1], vec4f(x.y), fma(w[0], vec4f(x.x), sum))));
}

// Rows of x, as the trips of a loop that a CPU device keeps as a loop where there are many: that saves lavapipe a sixth of the
// time to compile such a kernel, and costs it nothing when it runs.
fn row_trips() -> u32 { return select(ROWS, trips(ROWS), ROWS > 4u); }

const TOGETHER = min(ROWS, min(4u, 512u / SIZE)); // rows of x whose sums go over the lanes at once, in 8 KiB at most
var<workgroup> partial: array<vec4f, SIZE * TOGETHER>;

// Adds `partial` over the lanes; lane 0 of each row has the sum. Its values are there when it returns.
fn add_lanes(local: u32) {
  for (var reach = select(0u, trips(LANES / 2u), LANES > 1u); reach > 0u; reach /= 2u) {
    workgroupBarrier();
    if (local % LANES < reach) {
      for (var r = 0u; r < TOGETHER; r++) { partial[r * SIZE + local] += partial[r * SIZE + local + reach]; }
    }
  }
  workgroupBarrier();
}
