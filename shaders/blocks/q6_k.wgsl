// Q6_K: y = d·sc·(q − 32), an i8 scale for 16 elements. Planes: 52 words a block of 256, in which each group has its low
// nibbles and its high pairs of bits side by side (matmul/repack_q6_k.wgsl); d, two f16 a word.
@group(0) @binding(0) var<storage, read> words: array<u32>;

struct Header { low: u32, high: u32, sc: vec2f }
fn header(row: u32, group: u32) -> Header {
  let block = row * (shape.k / 256u) + group / 8u;
  let at = block * 52u;
  let j = group % 8u;
  let bytes = vec2f(unpack4xI8(words[at + 48u + j / 2u] >> (16u * (j & 1u))).xy);
  return Header(at + 4u * j, at + 32u + 2u * j, scale(block) * bytes);
}
fn quad(h: Header, i: u32) -> vec4f {
  let low = (words[h.low + i / 2u] >> (4u * (i & 1u))) & 0x0f0f0f0fu;
  let high = ((words[h.high + i / 4u] >> (2u * (i & 3u))) & 0x03030303u) << 4u;
  return select(h.sc.y, h.sc.x, i < 4u) * (vec4f(unpack4xU8(low | high)) - 32.0);
}
