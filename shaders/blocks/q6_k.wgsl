// Q6_K: y = d·sc·(q − 32), an i8 scale for 16 elements. Planes: 52 words a block of 256 (128 bytes of low nibbles,
// 64 of high bit pairs, 16 of scales); d, two f16 a word. Group j is quarter j mod 4 of half j div 4 (NETWORK.md 6.2).
@group(0) @binding(0) var<storage, read> words: array<u32>;

struct Header { block: u32, j: u32, sc: vec2f }
fn header(row: u32, group: u32) -> Header {
  let block = row * (shape.k / 256u) + group / 8u;
  let j = group % 8u;
  let bytes = vec2f(unpack4xI8(words[block * 52u + 48u + j / 2u] >> (16u * (j & 1u))).xy);
  return Header(block * 52u, j, scale(block) * bytes);
}
fn quad(h: Header, i: u32) -> vec4f {
  let half = h.j / 4u;
  let quarter = h.j % 4u;
  let low = (words[h.block + half * 16u + (quarter & 1u) * 8u + i] >> (4u * (quarter / 2u))) & 0x0f0f0f0fu;
  let high = ((words[h.block + 32u + half * 8u + i] >> (2u * quarter)) & 0x03030303u) << 4u;
  return select(h.sc.y, h.sc.x, i < 4u) * (vec4f(unpack4xU8(low | high)) - 32.0);
}
