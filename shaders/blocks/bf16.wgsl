// BF16: y = the upper half of an f32, two a word.
@group(0) @binding(0) var<storage, read> words: array<vec2u>;

struct Header { at: u32 }
fn header(row: u32, group: u32) -> Header { return Header((row * (shape.k / 32u) + group) * 8u); }
fn quad(h: Header, i: u32) -> vec4f {
  let q = words[h.at + i].xxyy;
  return bitcast<vec4f>(vec4u(q.x << 16u, q.y & 0xffff0000u, q.z << 16u, q.w & 0xffff0000u));
}
