// Q5_0: y = d·(q − 16), bit 4 of element e is bit e of qh; low nibbles are elements 0–15, high ones 16–31.
// Planes: 5 words a block (qh, 16 bytes of nibbles); d, two f16 a word.
@group(0) @binding(0) var<storage, read> words: array<u32>;

struct Header { at: u32, qh: u32, d: f32 }
fn header(row: u32, group: u32) -> Header {
  let block = row * (shape.k / 32u) + group;
  return Header(block * 5u + 1u, words[block * 5u], scale(block));
}
fn quad(h: Header, i: u32) -> vec4f {
  let q = ((words[h.at + i % 4u] >> (4u * (i / 4u))) & 0x0f0f0f0fu) | fifth_bits(h.qh, i);
  return h.d * (vec4f(unpack4xU8(q)) - 16.0);
}
