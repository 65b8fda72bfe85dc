// split_rows: 2^e_t·x_t = a_t + b_t/2048 for the rows that a product takes, see halves.wgsl. e_t brings the largest number of the row
// into [2^14, 2^15), where halves do not overflow; what is less than 2^-28 of it has 11 bits and not 22. A row with an infinity or a
// NaN keeps it.
// 2 x                           read         see matmul_input.wgsl
// 4 step                        read
// 6                             read         see input_plain.wgsl and input_scaled.wgsl, whose scale goes into unscale
// 7 halves, 8 unscale           read_write   see halves.wgsl
// Dispatch (T), workgroup WORKGROUP.
@group(0) @binding(7) var<storage, read_write> halves: array<vec4<f16>>;
@group(0) @binding(8) var<storage, read_write> unscale: array<f32>;

var<workgroup> peaks: array<f32, WORKGROUP>;

fn largest(v: vec4f) -> f32 { let a = abs(v); return max(max(a.x, a.y), max(a.z, a.w)); }

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) local: u32) {
  let t = wg.x;
  if (t >= rows_wanted()) { return; }
  let groups = shape.k / 32u;
  let row = input_row(t) * (shape.k / 4u);
  var peak = 0.0;
  for (var i = local; i < 8u * groups; i += WORKGROUP) { peak = max(peak, largest(x[row + i])); }
  peaks[local] = peak;
  for (var half = WORKGROUP / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (local < half) { peaks[local] = max(peaks[local], peaks[local + half]); }
  }
  workgroupBarrier();
  let exponent = bitcast<u32>(peaks[0]) >> 23u; // biased by 127; 255 where the row is not finite
  let up = bitcast<f32>(clamp(268u - exponent, 1u, 254u) << 23u);
  if (local == 0u) { unscale[t] = input_scale(t) / up; }
  for (var i = local; i < 8u * groups; i += WORKGROUP) {
    let v = x[row + i] * up;
    let a = high(v);
    let k = i % groups * 32u + i / groups * 4u; // x is in lane order
    let at = (block(t, k / UNIT_INNER * UNIT_INNER) + t % UNIT_ROWS * UNIT_INNER + k % UNIT_INNER) / 4u;
    halves[at] = vec4<f16>(a);
    halves[at + MAX_ROWS * shape.k / 4u] = vec4<f16>((v - a) * PART);
  }
}
