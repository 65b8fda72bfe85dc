// IQ2_XS: y = d·(s + ½)/4·±v, v from a codebook of 512, s for 16 elements. Planes: 18 words a block of 256 (32 u16 of a
// 9-bit index and seven signs, 8 bytes of two s each); d, two f16 a word.
@group(0) @binding(0) var<storage, read> words: array<u32>;

struct Header { at: u32, d: vec2f }
fn header(row: u32, group: u32) -> Header {
  let block = row * (shape.k / 256u) + group / 8u;
  let j = group % 8u;
  let s = byte_of(words[block * 18u + 16u + j / 4u], j);
  return Header(block * 18u + 2u * j, scale(block) * 0.25 * (vec2f(f32(s & 15u), f32(s >> 4u)) + 0.5));
}
fn quad(h: Header, i: u32) -> vec4f {
  let packed = (words[h.at + i / 4u] >> (16u * ((i / 2u) & 1u))) & 0xffffu;
  let signs = eight_signs(packed >> 9u) >> (4u * (i & 1u));
  return select(h.d.y, h.d.x, i < 4u) * with_signs(iq2_values(packed & 511u, i), signs);
}
