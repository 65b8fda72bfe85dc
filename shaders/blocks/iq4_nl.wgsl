// IQ4_NL: y = d·T[q], T non-linear; low nibbles are elements 0–15, high ones 16–31.
// Planes: 4 words a block; d, two f16 a word.
@group(0) @binding(0) var<storage, read> words: array<u32>;

struct Header { at: u32, d: f32 }
fn header(row: u32, group: u32) -> Header {
  let block = row * (shape.k / 32u) + group;
  return Header(block * 4u, scale(block));
}
fn quad(h: Header, i: u32) -> vec4f { return h.d * look_up(words[h.at + i % 4u] >> (4u * (i / 4u))); }
