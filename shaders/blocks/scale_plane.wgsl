// The f16 scales of repacked types, two a word, in a plane of their own (repack.wgsl).
@group(0) @binding(1) var<storage, read> scales: array<u32>;

fn scale(block: u32) -> f32 {
  return unpack2x16float(scales[block >> 1u] >> (16u * (block & 1u))).x;
}
