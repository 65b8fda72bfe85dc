// carry_row: row 0 of the rows becomes the pass's last one, so that the next pass finds it one row late (model.md 4.3).
// 0 rows  [K, 1 + T]   read_write
// 1 step               read
// Dispatch (1), workgroup 64.
@group(0) @binding(0) var<storage, read_write> rows: array<vec4f>;
@group(0) @binding(1) var<storage, read> step: StepState;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) local: u32) {
  for (var i = local; i < K / 4u; i += 64u) { rows[i] = rows[step.rows * (K / 4u) + i]; }
}
