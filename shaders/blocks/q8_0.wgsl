// Q8_0: y = d·q. Planes: 8 words of i8 a block; d, two f16 a word.
@group(0) @binding(0) var<storage, read> words: array<u32>;

struct Header { at: u32, d: f32 }
fn header(row: u32, group: u32) -> Header {
  let block = row * (shape.k / 32u) + group;
  return Header(block * 8u, scale(block));
}
fn quad(h: Header, i: u32) -> vec4f { return h.d * vec4f(unpack4xI8(words[h.at + i])); }
