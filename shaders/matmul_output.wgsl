// Where a product's row t, column n goes: out[t·OUT_STRIDE + OUT_COLUMN + n], added to what is there if ACCUMULATE
// (a residual). With RING > 0 the row is (position + t) mod RING: the output is the tape of the last RING positions.
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;
@group(0) @binding(4) var<storage, read> step: StepState;

// Rows to compute. With LAST only the pass's last row is wanted, and it is written as row 0.
fn rows_wanted() -> u32 { return select(step.rows, min(step.rows, 1u), LAST); }
fn input_row(t: u32) -> u32 { return select(t, step.rows - 1u, LAST) + X_ROW; }

fn store(t: u32, n: u32, value: f32) {
  var row = t;
  if (RING > 0u) { row = (step.position + t) % max(RING, 1u); }
  let at = row * OUT_STRIDE + OUT_COLUMN + n;
  if (ACCUMULATE) { out[at] += value; } else { out[at] = value; }
}
