// IQ4_XS: y = d·(ls − 32)·T[q], T non-linear, a 6-bit ls for 32 elements. A block of 256 is 34 words:
// (d, scales_h), scales_l, 128 bytes; in a group, low nibbles are elements 0–15 and high ones 16–31.
@group(0) @binding(0) var<storage, read> words: array<u32>;

struct Header { at: u32, d: f32 }
fn header(row: u32, group: u32) -> Header {
  let block = (row * (shape.k / 256u) + group / 8u) * 34u;
  let j = group % 8u;
  let low = (words[block + 1u] >> (4u * j)) & 15u;
  let high = (words[block] >> (16u + 2u * j)) & 3u;
  return Header(block + 2u + 4u * j, unpack2x16float(words[block]).x * (f32(low | (high << 4u)) - 32.0));
}
fn quad(h: Header, i: u32) -> vec4f { return h.d * look_up(words[h.at + i % 4u] >> (4u * (i / 4u))); }
