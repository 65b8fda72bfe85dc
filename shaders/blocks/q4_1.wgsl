// Q4_1: y = d·q + m; low nibbles are elements 0–15, high ones 16–31. A block is 5 words: (d, m), 16 bytes of q.
@group(0) @binding(0) var<storage, read> words: array<u32>;

struct Header { at: u32, dm: vec2f }
fn header(row: u32, group: u32) -> Header {
  let at = (row * (shape.k / 32u) + group) * 5u;
  return Header(at + 1u, unpack2x16float(words[at]));
}
fn quad(h: Header, i: u32) -> vec4f {
  let q = (words[h.at + i % 4u] >> (4u * (i / 4u))) & 0x0f0f0f0fu;
  return fma(vec4f(h.dm.x), vec4f(unpack4xU8(q)), vec4f(h.dm.y));
}
