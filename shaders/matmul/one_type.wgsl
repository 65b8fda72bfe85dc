// W is of one type.
struct Slab {
  group: u32, // of its workgroups
  rows: u32,
  first: u32, // its first row, counted in the dispatch
}
fn slab_of(group: u32) -> Slab { return Slab(group, shape.n, 0u); }
fn multiply_slab(
  slab: Slab, own: Own, lane: u32, base: u32, acc: ptr<function, Products>, squares: ptr<function, Squares>,
) {
  multiply(own, lane, base, acc, squares);
}
