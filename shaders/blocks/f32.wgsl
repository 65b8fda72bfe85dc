// F32: y = value. A group is 8 vec4s.
@group(0) @binding(0) var<storage, read> words: array<vec4f>;

struct Header { at: u32 }
fn header(row: u32, group: u32) -> Header { return Header((row * (shape.k / 32u) + group) * 8u); }
fn quad(h: Header, i: u32) -> vec4f { return words[h.at + i]; }
