// F16: y = value, two a word.
@group(0) @binding(0) var<storage, read> words: array<vec2u>;

struct Header { at: u32 }
fn header(row: u32, group: u32) -> Header { return Header((row * (shape.k / 32u) + group) * 8u); }
fn quad(h: Header, i: u32) -> vec4f {
  let q = words[h.at + i];
  return vec4f(unpack2x16float(q.x), unpack2x16float(q.y));
}
