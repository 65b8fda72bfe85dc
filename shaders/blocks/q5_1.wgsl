// Q5_1: y = d·q + m, bit 4 of element e is bit e of qh; low nibbles are elements 0–15, high ones 16–31.
// A block is 6 words: (d, m), qh, 16 bytes of nibbles.
@group(0) @binding(0) var<storage, read> words: array<u32>;

struct Header { at: u32, qh: u32, dm: vec2f }
fn header(row: u32, group: u32) -> Header {
  let at = (row * (shape.k / 32u) + group) * 6u;
  return Header(at + 2u, words[at + 1u], unpack2x16float(words[at]));
}
fn quad(h: Header, i: u32) -> vec4f {
  let q = ((words[h.at + i % 4u] >> (4u * (i / 4u))) & 0x0f0f0f0fu) | fifth_bits(h.qh, i);
  return fma(vec4f(h.dm.x), vec4f(unpack4xU8(q)), vec4f(h.dm.y));
}
