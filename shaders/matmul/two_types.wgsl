// W is of two types: the rows of `shape`, in GROUPS workgroups, then SECOND rows of another type in those that follow. The WGSL of
// the second type is that of any type, with names that end in _2 (engine/model/layers/two_types.ts).
struct Slab {
  group: u32, // of its workgroups
  rows: u32,
  first: u32, // its first row, counted in the dispatch
  second: bool,
}
fn slab_of(group: u32) -> Slab {
  if (group < GROUPS) { return Slab(group, shape.n, 0u, false); }
  return Slab(group - GROUPS, SECOND, shape.n, true);
}
fn multiply_slab(
  slab: Slab, own: Own, lane: u32, base: u32, acc: ptr<function, Products>, squares: ptr<function, Squares>,
) {
  if (slab.second) { multiply_2(own, lane, base, acc, squares); } else { multiply(own, lane, base, acc, squares); }
}
