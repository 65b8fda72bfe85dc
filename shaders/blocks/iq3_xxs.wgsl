// IQ3_XXS: y = d·(s + ½)/2·±v, v = 4 + 8q (62 for q = 7) from a codebook of 256. Planes: 24 words a block of 256 (64 bytes
// of indices, for a group a word of four signs of seven bits and s in the upper four bits); d, two f16 a word.
@group(0) @binding(0) var<storage, read> words: array<u32>;

struct Header { at: u32, signs: u32, d: f32 }
fn header(row: u32, group: u32) -> Header {
  let block = row * (shape.k / 256u) + group / 8u;
  let j = group % 8u;
  let more = words[block * 24u + 16u + j];
  return Header(block * 24u + 2u * j, more, scale(block) * (f32(more >> 28u) + 0.5) * 0.5);
}
fn quad(h: Header, i: u32) -> vec4f {
  let index = byte_of(words[h.at + i / 4u], i);
  let q = (vec4u(entry(index)) >> vec4u(0u, 4u, 8u, 12u)) & vec4u(7u);
  let v = vec4f(4u + 8u * q + select(vec4u(0u), vec4u(2u), q == vec4u(7u)));
  let signs = eight_signs((h.signs >> (7u * (i / 2u))) & 127u) >> (4u * (i & 1u));
  return h.d * with_signs(v, signs);
}
