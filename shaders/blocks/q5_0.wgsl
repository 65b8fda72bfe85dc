// Q5_0: y = d·(q − 16), bit 4 of element e is bit e of qh; low nibbles are elements 0–15, high ones 16–31.
// Planes: 5 words a block (qh, 16 bytes of nibbles); d, two f16 a word.
@group(0) @binding(0) var<storage, read> words: array<u32>;
@group(0) @binding(1) var<storage, read> scales: array<u32>;

fn scale(block: u32) -> f32 {
  return unpack2x16float(scales[block >> 1u] >> (16u * (block & 1u))).x;
}

// Bits 4i to 4i + 3 of qh, each moved to bit 4 of its byte.
fn fifth_bits(qh: u32, i: u32) -> u32 {
  let b = qh >> (4u * i);
  return ((b & 1u) << 4u) | ((b & 2u) << 11u) | ((b & 4u) << 18u) | ((b & 8u) << 25u);
}

struct Header { at: u32, qh: u32, d: f32 }
fn header(row: u32, group: u32) -> Header {
  let block = row * (shape.k / 32u) + group;
  return Header(block * 5u + 1u, words[block * 5u], scale(block));
}
fn quad(h: Header, i: u32) -> vec4f {
  let q = ((words[h.at + i % 4u] >> (4u * (i / 4u))) & 0x0f0f0f0fu) | fifth_bits(h.qh, i);
  return h.d * (vec4f(unpack4xU8(q)) - 16.0);
}
