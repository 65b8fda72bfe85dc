// IQ2_S: y = d·(s + ½)/4·±v, v from a codebook of 1024, s for 16 elements. Planes: 20 words a block of 256 (32 low bytes
// of indices, 32 bytes of signs, 8 bytes of four high pairs of bits, 8 bytes of two s each); d, two f16 a word.
@group(0) @binding(0) var<storage, read> words: array<u32>;

struct Header { indices: u32, signs: u32, high: u32, d: vec2f }
fn header(row: u32, group: u32) -> Header {
  let block = row * (shape.k / 256u) + group / 8u;
  let at = block * 20u;
  let j = group % 8u;
  let s = byte_of(words[at + 18u + j / 4u], j);
  return Header(
    words[at + j],
    words[at + 8u + j],
    byte_of(words[at + 16u + j / 4u], j),
    scale(block) * 0.25 * (vec2f(f32(s & 15u), f32(s >> 4u)) + 0.5),
  );
}
fn quad(h: Header, i: u32) -> vec4f {
  let k = i / 2u;
  let index = byte_of(h.indices, k) | (((h.high >> (2u * k)) & 3u) << 8u);
  return select(h.d.y, h.d.x, i < 4u) * with_signs(iq2_values(index, i), h.signs >> (4u * i));
}
