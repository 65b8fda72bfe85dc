// IQ2_XXS: y = d·(s + ½)/4·±v, v from a codebook of 256. Planes: 16 words a block of 256, two a group (four bytes of
// indices; four signs of seven bits, s in the upper four bits); d, two f16 a word.
@group(0) @binding(0) var<storage, read> words: array<u32>;

struct Header { indices: u32, signs: u32, d: f32 }
fn header(row: u32, group: u32) -> Header {
  let block = row * (shape.k / 256u) + group / 8u;
  let at = block * 16u + 2u * (group % 8u);
  let more = words[at + 1u];
  return Header(words[at], more, scale(block) * (f32(more >> 28u) + 0.5) * 0.25);
}
fn quad(h: Header, i: u32) -> vec4f {
  let signs = eight_signs((h.signs >> (7u * (i / 2u))) & 127u) >> (4u * (i & 1u));
  return h.d * with_signs(iq2_values(byte_of(h.indices, i / 2u), i), signs);
}
