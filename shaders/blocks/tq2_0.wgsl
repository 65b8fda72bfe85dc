// TQ2_0: y = d·(q − 1). Planes: 16 words of 2-bit values a block of 256; d, two f16 a word.
// Group j takes bits 2(j mod 4) of bytes 32(j div 4)….
@group(0) @binding(0) var<storage, read> words: array<u32>;

struct Header { at: u32, shift: u32, d: f32 }
fn header(row: u32, group: u32) -> Header {
  let block = row * (shape.k / 256u) + group / 8u;
  let j = group % 8u;
  return Header(block * 16u + (j / 4u) * 8u, 2u * (j % 4u), scale(block));
}
fn quad(h: Header, i: u32) -> vec4f {
  return h.d * (vec4f(unpack4xU8((words[h.at + i] >> h.shift) & 0x03030303u)) - 1.0);
}
