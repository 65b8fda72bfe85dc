// Q2_K: y = d·(sc & 15)·q − dmin·(sc >> 4), a scale byte for 16 elements. A block of 256 is 21 words:
// 16 scale bytes, 64 bytes of four 2-bit values, (d, dmin). Group j takes bits 2(j mod 4) of bytes 32(j div 4)….
@group(0) @binding(0) var<storage, read> words: array<u32>;

struct Header { at: u32, shift: u32, scale: vec2f, floor: vec2f }
fn header(row: u32, group: u32) -> Header {
  let block = (row * (shape.k / 256u) + group / 8u) * 21u;
  let j = group % 8u;
  let dm = unpack2x16float(words[block + 20u]);
  let pair = words[block + j / 2u] >> (16u * (j & 1u));
  return Header(
    block + 4u + (j / 4u) * 8u,
    2u * (j % 4u),
    dm.x * vec2f(f32(pair & 15u), f32((pair >> 8u) & 15u)),
    dm.y * vec2f(f32((pair >> 4u) & 15u), f32((pair >> 12u) & 15u)),
  );
}
fn quad(h: Header, i: u32) -> vec4f {
  let q = (words[h.at + i] >> h.shift) & 0x03030303u;
  let first = i < 4u;
  let d = select(h.scale.y, h.scale.x, first);
  let m = select(h.floor.y, h.floor.x, first);
  return fma(vec4f(d), vec4f(unpack4xU8(q)), vec4f(-m));
}
