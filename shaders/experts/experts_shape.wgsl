// The shape of a product with a slab of experts (engine/model/layers/experts.ts writes it). On a GPU `shape` is a constant;
// on a CPU device a uniform, so that one compiled kernel serves all slabs of a type: compiling costs more there.
struct Shape {
  k: u32,           // columns of an expert's W
  n: u32,           // its rows
  first: u32,       // the slab's first expert
  experts: u32,     // experts of the slab
  per_input: u32,   // pairs that share a row of x: USED where x has a row per token, 1 where it has one per pair
  out_stride: u32,  // distance of rows of out, in floats
  lane_order: u32,  // 1: rows of out are in lane order, of out_stride columns
  column: u32,      // of a row of `out`, where the product begins
}
