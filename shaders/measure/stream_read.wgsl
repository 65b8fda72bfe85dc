// stream_read: sums every word of a buffer, modulo 2³², to time how fast a kernel can read memory from end to end.
// Lane i of the grid's LANES reads the 16 bytes i, i + LANES, i + 2·LANES, …, so that neighbouring lanes read neighbouring bytes;
// four sums, so that four reads are under way. COUNT is a multiple of 4·LANES. Additions of whole numbers: any order gives the same sums.
// 0 words  [4, COUNT]  read
// 1 sums   [LANES]     read_write
// Dispatch (LANES / WORKGROUP, 1, 1), workgroup WORKGROUP.
@group(0) @binding(0) var<storage, read> words: array<vec4u>;
@group(0) @binding(1) var<storage, read_write> sums: array<u32>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let count = arrayLength(&words); // not a constant: a loop of known length would be unrolled where compiling is slow
  var a = vec4u(0u);
  var b = vec4u(0u);
  var c = vec4u(0u);
  var d = vec4u(0u);
  for (var i = id.x; i < count; i += 4u * LANES) {
    a += words[i];
    b += words[i + LANES];
    c += words[i + 2u * LANES];
    d += words[i + 3u * LANES];
  }
  let all = a + b + c + d;
  sums[id.x] = all.x + all.y + all.z + all.w;
}
