// Q3_K: y = d·(sc − 32)·(q2 − (h ? 0 : 4)), a 6-bit scale for 16 elements. Planes: 27 words a block of 256
// (32 bytes of high bits h, 64 bytes of four 2-bit values, 12 bytes of scales); d, two f16 a word.
// Group j takes bits 2(j mod 4) of bytes 32(j div 4)…, and bit j of the high bits.
@group(0) @binding(0) var<storage, read> words: array<u32>;

// Scale s (0–15) of the block at a word: four low bits from bytes 0–7, two high bits from bytes 8–11.
fn six_bits(block: u32, s: u32) -> f32 {
  let low = (words[block + 24u + (s % 8u) / 4u] >> (8u * (s % 4u) + 4u * (s / 8u))) & 15u;
  let high = (words[block + 26u] >> (8u * (s % 4u) + 2u * (s / 4u))) & 3u;
  return f32(low | (high << 4u)) - 32.0;
}

struct Header { block: u32, j: u32, scale: vec2f }
fn header(row: u32, group: u32) -> Header {
  let block = row * (shape.k / 256u) + group / 8u;
  let j = group % 8u;
  let sc = vec2f(six_bits(block * 27u, 2u * j), six_bits(block * 27u, 2u * j + 1u));
  return Header(block * 27u, j, scale(block) * sc);
}
fn quad(h: Header, i: u32) -> vec4f {
  let low = (words[h.block + 8u + (h.j / 4u) * 8u + i] >> (2u * (h.j % 4u))) & 0x03030303u;
  let high = ((words[h.block + i] >> h.j) & 0x01010101u) << 2u;
  return select(h.scale.y, h.scale.x, i < 4u) * (vec4f(unpack4xU8(low | high)) - 4.0);
}
