// The shape of a product with a slab of weights (engine/model/layers/matmul.ts writes it). On a GPU `shape` is a
// constant; on a CPU device a uniform, so that one compiled kernel serves all slabs of a type: compiling costs more there.
struct Shape {
  k: u32,           // columns of W
  n: u32,           // rows of the slab
  first: u32,       // the slab's first row in W
  x_ring: u32,      // with x_ring > 0, row t is read at (position + t) mod x_ring
  skip: u32,        // rows of the pass left out: row skip of x gives row 0 of out
  out_stride: u32,  // distance of rows of out, in floats
  lane_order: u32,  // 1: rows of out are in lane order, of out_stride columns
  ring: u32,        // with ring > 0, row t is written at (position + t) mod ring
  accumulate: u32,  // 1: add to what is there (a residual)
  last: u32,        // 1: only the pass's last row, written as row 0
  rest: u32,        // with two outputs, the first column of the second one
  rest_stride: u32, // and the distance of its rows, in floats
}
