// The input of a product is rms(x_t) ∘ w, bit for bit as common/rms_norm.wgsl makes it. Each workgroup adds up the squares of its rows
// before its product, and together those of the first slab leave the rows in `normed`, which other kernels read.
// 6 norm_w  [K]      read         in lane order
// 7 normed  [K, T]   read_write   in lane order
@group(0) @binding(6) var<storage, read> norm_w: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> normed: array<vec4f>;
const NORMED = false;
var<workgroup> norms: array<f32, ROWS>;

fn gain(i: u32) -> vec4f { return norm_w[i]; }
fn input(v: vec4f, r: u32, factor: vec4f) -> vec4f { return v * norms[r] * factor; }
fn input_scale(t: u32) -> f32 { return 1.0; }

fn prepare(first: u32, count: u32, group: u32, local: u32) {
  let quads_of_row = shape.k / 4u;
  for (var b = 0u; b < row_trips(); b += 4u) { // four rows are added up side by side
    var four = vec4f();
    for (var r = 0u; r < trips(min(4u, ROWS - b)); r++) {
      let row = (first + b + r) * quads_of_row;
      var squares = vec4f();
      // All lanes iterate equally often: else FXC takes the barriers for divergent.
      for (var base = 0u; base < quads_of_row; base += WORKGROUP) {
        let i = base + local;
        if (i < quads_of_row) {
          let v = x[row + quad_place(i, shape.k)];
          squares = fma(v, v, squares);
        }
      }
      four[r] = (squares.x + squares.y) + (squares.z + squares.w);
    }
    partial[local] = four;
    for (var reach = trips(WORKGROUP / 2u); reach > 0u; reach /= 2u) {
      workgroupBarrier();
      if (local < reach) { partial[local] += partial[local + reach]; }
    }
    workgroupBarrier();
    if (local < min(4u, ROWS - b)) { norms[b + local] = norm_scale(partial[0][local], shape.k); }
    workgroupBarrier();
  }
  let groups = ((shape.n + OWN * FOURS - 1u) / (OWN * FOURS) * LANES + WORKGROUP - 1u) / WORKGROUP;
  let pieces = (quads_of_row + WORKGROUP - 1u) / WORKGROUP;
  for (var at = select(count * pieces, group, group < groups); at < count * pieces; at += groups) {
    let r = at / pieces;
    let i = at % pieces * WORKGROUP + local;
    if (i < quads_of_row) {
      normed[(first + r) * quads_of_row + i] = input(x[(first + r) * quads_of_row + i], r, gain(i));
    }
  }
}
