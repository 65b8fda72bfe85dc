// Q5_K: y = d·sc·q − dmin·m, as Q4_K with a fifth bit: bit j of qh[e] for element e of group j. A block of 256 is
// 44 words: (d, dmin), 12 bytes of packed scales, 32 bytes of high bits, 128 bytes of nibbles.
@group(0) @binding(0) var<storage, read> words: array<u32>;

struct Header { block: u32, j: u32, sm: vec2f }
fn header(row: u32, group: u32) -> Header {
  let block = (row * (shape.k / 256u) + group / 8u) * 44u;
  let j = group % 8u;
  return Header(block, j, unpack2x16float(words[block]) * scale_and_min(block, j));
}
fn quad(h: Header, i: u32) -> vec4f {
  let low = (words[h.block + 12u + (h.j / 2u) * 8u + i] >> (4u * (h.j & 1u))) & 0x0f0f0f0fu;
  let high = ((words[h.block + 4u + i] >> h.j) & 0x01010101u) << 4u;
  return fma(vec4f(h.sm.x), vec4f(unpack4xU8(low | high)), vec4f(-h.sm.y));
}
