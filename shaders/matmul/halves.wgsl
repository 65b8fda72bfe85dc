// Numbers in two halves of 11 bits, as subgroup matrices multiply them: v = a + b/2048. v is rounded to a by its bits, since compilers
// may take f32(f16(v)) for v. Below 2^-14, where halves have fewer bits, all of v is in b.
const PART = 2048.0;
const LARGEST = 65504.0; // of halves
fn high(v: vec4f) -> vec4f {
  let a = bitcast<vec4f>((bitcast<vec4u>(v) + 0x1000u) & vec4u(0xffffe000u));
  return select(a, vec4f(), abs(v) < vec4f(0x1p-14));
}

// Rows of activations are x_t = (a_t + b_t/2048)·unscale_t:
// halves    [K, T] of a, then of b   in blocks of UNIT_ROWS rows and UNIT_INNER columns, each of them row after row
// unscale   [T]

// Where the block of row 0 of its rows and of column k begins, in halves; k is a multiple of UNIT_INNER.
fn block(row: u32, k: u32) -> u32 { return row / UNIT_ROWS * UNIT_ROWS * shape.k + k * UNIT_ROWS; }
