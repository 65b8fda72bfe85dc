// IQ1_S: y = d·(2s + 1)·(v ± ⅛), v from a codebook of 2048. Planes: 12 words a block of 256 (32 low bytes of indices, for
// a group a u16 of four times three high bits, three bits s and the sign); d, two f16 a word.
@group(0) @binding(0) var<storage, read> words: array<u32>;

struct Header { indices: u32, high: u32, d: f32 }
fn header(row: u32, group: u32) -> Header {
  let block = row * (shape.k / 256u) + group / 8u;
  let j = group % 8u;
  let high = (words[block * 12u + 8u + j / 2u] >> (16u * (j & 1u))) & 0xffffu;
  return Header(words[block * 12u + j], high, scale(block) * f32(2u * ((high >> 12u) & 7u) + 1u));
}
fn quad(h: Header, i: u32) -> vec4f {
  let k = i / 2u;
  let index = byte_of(h.indices, k) | (((h.high >> (3u * k)) & 7u) << 8u);
  return h.d * (iq1_values(index, i) + select(0.125, -0.125, h.high >= 0x8000u));
}
