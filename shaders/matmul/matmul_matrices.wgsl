// matmul_matrices: y_t[n] = Σ_k W[n, k]·x_t[k] for the up to MAX_ROWS rows of a prefill pass, by the matrix units of a GPU. They
// multiply halves and add in f32, so each x is a + b/2048 (halves.wgsl) and each weight is decoded into u + v/2048 in the same way:
//   y = (Σ u·a + (Σ u·b + Σ v·a)/2048)·unscale_t. What is left out, v·b, is at most 2^-22 of u·a. Products with
// weights that no half holds are NaN.
// Order: part p of PARTS takes groups p, p + PARTS, … of 32 k in turn, UNIT_INNER of them at a time in the order of the unit; then the
// parts of either sum are added in turn. Nothing of it depends on the number of rows.
// A subgroup owns all rows × 16 columns of a part of K. It decodes its own columns, each weight once for all rows; a and b come
// from where they lie. ACROSS subgroups share what they read of them.
// 0, 1 W     [K, N]           read         by blocks/*.wgsl: header(row, group), quad(header, i)
// 2 halves, 6 unscale         read         see halves.wgsl
// 3 out                       read_write   see matmul_output.wgsl
// 4 step                      read
// 9 rest                      read_write   see two_outputs.wgsl
// Dispatch (N / (16·ACROSS)), workgroup SUBGROUP·PARTS·ACROSS. A unit of the device is UNIT_ROWS × UNIT_INNER by UNIT_INNER ×
// UNIT_COLUMNS.
@group(0) @binding(2) var<storage, read> halves: array<f16>;
@group(0) @binding(6) var<storage, read> unscale: array<f32>;

alias Left = subgroup_matrix_left<f16, UNIT_INNER, UNIT_ROWS>;
alias Right = subgroup_matrix_right<f16, UNIT_COLUMNS, UNIT_INNER>;
alias Sum = subgroup_matrix_result<f32, UNIT_COLUMNS, UNIT_ROWS>;

const OWN = 16u; // columns of a subgroup
const SUBGROUPS = PARTS * ACROSS;
const SIZE = SUBGROUP * SUBGROUPS;
const SHARE = max(SUBGROUP / OWN, 1u); // lanes that decode a group of a column together
const STRIDE = 40u; // of 32 weights, so that columns begin in different banks of workgroup memory
const PLANE = OWN * STRIDE;
const UNIT = UNIT_ROWS * UNIT_COLUMNS;
const DOWN = MAX_ROWS / UNIT_ROWS;
const RIGHT = OWN / UNIT_COLUMNS;
const EACH = (ACROSS * UNIT + SIZE - 1u) / SIZE;

var<workgroup> weights: array<f16, SUBGROUPS * 2u * PLANE>; // [SUBGROUPS, u and v, OWN, STRIDE]
var<workgroup> sums: array<f32, SUBGROUPS * UNIT>;
var<workgroup> too_large: atomic<u32>; // 1: a weight of the workgroup is

// Decodes `group` of the columns from `first` on, and zeros past the last group, into the subgroup's part of `weights`.
fn decode(at: u32, first: u32, group: u32, lane: u32) {
  let groups = shape.k / 32u;
  for (var i = lane; i < OWN * SHARE; i += SUBGROUP) {
    let h = header(min(first + i % OWN, shape.n - 1u), min(group, groups - 1u));
    let start = i / OWN * (8u / SHARE);
    for (var q = start; q < start + 8u / SHARE; q++) {
      let w = select(vec4f(), quad(h, q), vec4<bool>(group < groups));
      if (any(abs(w) > vec4f(LARGEST))) { atomicStore(&too_large, 1u); }
      let a = high(w);
      let u = vec4<f16>(a);
      let v = vec4<f16>((w - a) * PART);
      let to = at + i % OWN * STRIDE + 4u * q;
      for (var c = 0u; c < 4u; c++) {
        weights[to + c] = u[c];
        weights[to + PLANE + c] = v[c];
      }
    }
  }
}

@compute @workgroup_size(SIZE) @subgroup_size(SUBGROUP)
fn main(
  @builtin(workgroup_id) wg: vec3u,
  @builtin(local_invocation_index) local: u32,
  @builtin(subgroup_id) id: u32,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let rows = min(rows_wanted(), MAX_ROWS);
  if (rows == 0u) { return; }
  let groups = shape.k / 32u;
  let first = (wg.x * ACROSS + id % ACROSS) * OWN;
  let mine = id * 2u * PLANE;
  if (local == 0u) { atomicStore(&too_large, 0u); }
  var whole = array<array<Sum, RIGHT>, DOWN>(); // Σ u·a
  var rest = array<array<Sum, RIGHT>, DOWN>(); // PART times the rest
  for (var base = 0u; base < groups; base += PARTS) {
    let group = base + id / ACROSS;
    workgroupBarrier();
    decode(mine, first, group, lane);
    workgroupBarrier();
    let start = min(group, groups - 1u) * 32u;
    for (var k = 0u; k < 32u; k += UNIT_INNER) {
      for (var c = 0u; c < RIGHT; c++) {
        let column = mine + c * UNIT_COLUMNS * STRIDE + k;
        let u = subgroupMatrixLoad<Right, col_major>(&weights, column, STRIDE);
        let v = subgroupMatrixLoad<Right, col_major>(&weights, column + PLANE, STRIDE);
        for (var r = 0u; r < DOWN; r++) {
          if (r * UNIT_ROWS < rows) {
            let place = block(r * UNIT_ROWS, start + k);
            let a = subgroupMatrixLoad<Left, row_major>(&halves, place, UNIT_INNER);
            let b = subgroupMatrixLoad<Left, row_major>(&halves, place + MAX_ROWS * shape.k, UNIT_INNER);
            whole[r][c] = subgroupMatrixMultiplyAccumulate(a, u, whole[r][c]);
            rest[r][c] = subgroupMatrixMultiplyAccumulate(b, u, rest[r][c]);
            rest[r][c] = subgroupMatrixMultiplyAccumulate(a, v, rest[r][c]);
          }
        }
      }
    }
  }
  for (var r = 0u; r < DOWN; r++) {
    for (var c = 0u; c < RIGHT; c++) {
      if (r * UNIT_ROWS < rows) {
        let first_sums = added(whole[r][c], id, local);
        let second_sums = added(rest[r][c], id, local);
        for (var i = 0u; i < EACH; i++) {
          let at = i * SIZE + local;
          let t = r * UNIT_ROWS + at % UNIT / UNIT_COLUMNS;
          let n = (wg.x * ACROSS + at / UNIT) * OWN + c * UNIT_COLUMNS + at % UNIT_COLUMNS;
          if (at < ACROSS * UNIT && t < rows && n < shape.n) {
            store(t, n, checked((first_sums[i] + second_sums[i] / PART) * unscale[t]));
          }
        }
      }
    }
  }
}

fn checked(y: f32) -> f32 { return bitcast<f32>(bitcast<u32>(y) | select(0u, 0x7fc00000u, atomicLoad(&too_large) != 0u)); }

// The sums of a unit over all parts, EACH of them for an invocation.
fn added(part: Sum, id: u32, local: u32) -> array<f32, EACH> {
  workgroupBarrier();
  subgroupMatrixStore<row_major>(&sums, id * UNIT, part, UNIT_COLUMNS);
  workgroupBarrier();
  var all = array<f32, EACH>();
  for (var i = 0u; i < EACH; i++) {
    let at = min(i * SIZE + local, ACROSS * UNIT - 1u);
    for (var p = 0u; p < PARTS; p++) { all[i] += sums[p * ACROSS * UNIT + at]; }
  }
  return all;
}
