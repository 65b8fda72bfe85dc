// Q4_K: y = d·sc·q − dmin·m, 6-bit sc and m for 32 elements. A block of 256 is 36 words: (d, dmin), 12 bytes of packed
// scales, 128 bytes of nibbles. Groups 2i and 2i + 1 are the low and high nibbles of bytes 32i….
@group(0) @binding(0) var<storage, read> words: array<u32>;

struct Header { at: u32, shift: u32, sm: vec2f }
fn header(row: u32, group: u32) -> Header {
  let block = (row * (shape.k / 256u) + group / 8u) * 36u;
  let j = group % 8u;
  return Header(block + 4u + (j / 2u) * 8u, 4u * (j & 1u), unpack2x16float(words[block]) * scale_and_min(block, j));
}
fn quad(h: Header, i: u32) -> vec4f {
  let q = (words[h.at + i] >> h.shift) & 0x0f0f0f0fu;
  return fma(vec4f(h.sm.x), vec4f(unpack4xU8(q)), vec4f(-h.sm.y));
}
