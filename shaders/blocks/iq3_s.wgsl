// IQ3_S: y = d·(1 + 2s)·±v, v = 1 + 2q from a codebook of 512. Planes: 27 words a block of 256 (64 low bytes of indices,
// 8 bytes of high bits, 32 bytes of signs, 4 bytes of two s each); d, two f16 a word.
@group(0) @binding(0) var<storage, read> words: array<u32>;

struct Header { at: u32, high: u32, signs: u32, d: f32 }
fn header(row: u32, group: u32) -> Header {
  let block = row * (shape.k / 256u) + group / 8u;
  let at = block * 27u;
  let j = group % 8u;
  let s = (words[at + 26u] >> (4u * j)) & 15u;
  return Header(
    at + 2u * j,
    byte_of(words[at + 16u + j / 4u], j),
    words[at + 18u + j],
    scale(block) * f32(1u + 2u * s),
  );
}
fn quad(h: Header, i: u32) -> vec4f {
  let index = byte_of(words[h.at + i / 4u], i) | (((h.high >> i) & 1u) << 8u);
  let q = (vec4u(entry(index)) >> vec4u(0u, 4u, 8u, 12u)) & vec4u(7u);
  return h.d * with_signs(vec4f(1u + 2u * q), h.signs >> (4u * i));
}
