// IQ4_XS: y = d·(ls − 32)·T[q], T non-linear, a 6-bit ls for 32 elements. A block of 256 is 34 words:
// (d, scales_h), scales_l, 128 bytes; in a group, low nibbles are elements 0–15 and high ones 16–31.
@group(0) @binding(0) var<storage, read> words: array<u32>;

const T = array<f32, 16>(-127.0, -104.0, -83.0, -65.0, -49.0, -35.0, -22.0, -10.0, 1.0, 13.0, 25.0, 38.0, 53.0, 69.0, 89.0, 113.0);

fn look_up(q: u32) -> vec4f { return vec4f(T[q & 15u], T[(q >> 8u) & 15u], T[(q >> 16u) & 15u], T[(q >> 24u) & 15u]); }

struct Header { at: u32, d: f32 }
fn header(row: u32, group: u32) -> Header {
  let block = (row * (shape.k / 256u) + group / 8u) * 34u;
  let j = group % 8u;
  let low = (words[block + 1u] >> (4u * j)) & 15u;
  let high = (words[block] >> (16u + 2u * j)) & 3u;
  return Header(block + 2u + 4u * j, unpack2x16float(words[block]).x * (f32(low | (high << 4u)) - 32.0));
}
fn quad(h: Header, i: u32) -> vec4f { return h.d * look_up(words[h.at + i % 4u] >> (4u * (i / 4u))); }
