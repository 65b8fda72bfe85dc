// IQ4_NL: y = d·T[q], T non-linear; low nibbles are elements 0–15, high ones 16–31.
// Planes: 4 words a block; d, two f16 a word.
@group(0) @binding(0) var<storage, read> words: array<u32>;
@group(0) @binding(1) var<storage, read> scales: array<u32>;

const T = array<f32, 16>(-127.0, -104.0, -83.0, -65.0, -49.0, -35.0, -22.0, -10.0, 1.0, 13.0, 25.0, 38.0, 53.0, 69.0, 89.0, 113.0);

fn look_up(q: u32) -> vec4f { return vec4f(T[q & 15u], T[(q >> 8u) & 15u], T[(q >> 16u) & 15u], T[(q >> 24u) & 15u]); }

fn scale(block: u32) -> f32 {
  return unpack2x16float(scales[block >> 1u] >> (16u * (block & 1u))).x;
}

struct Header { at: u32, d: f32 }
fn header(row: u32, group: u32) -> Header {
  let block = row * (shape.k / 32u) + group;
  return Header(block * 4u, scale(block));
}
fn quad(h: Header, i: u32) -> vec4f { return h.d * look_up(words[h.at + i % 4u] >> (4u * (i / 4u))); }
