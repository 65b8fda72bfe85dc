// IQ1_M: y = d·(2s + 1)·(v ± ⅛), v from a codebook of 2048, s for 16 elements, the sign for 8. A block of 256 is 14 words:
// 32 low bytes of indices; 32 nibbles of three high bits and the sign; four u16 of four 3-bit s, whose upper nibbles are
// the f16 d, lowest first.
@group(0) @binding(0) var<storage, read> words: array<u32>;

struct Header { indices: u32, high: u32, d: vec2f }
fn header(row: u32, group: u32) -> Header {
  let at = (row * (shape.k / 256u) + group / 8u) * 14u;
  let j = group % 8u;
  let a = words[at + 12u];
  let b = words[at + 13u];
  let d = unpack2x16float(((a >> 12u) & 15u) | ((a >> 24u) & 0xf0u) | ((b >> 4u) & 0xf00u) | ((b >> 16u) & 0xf000u)).x;
  let s = select(b, a, j < 4u) >> (16u * ((j / 2u) & 1u) + 6u * (j & 1u));
  return Header(
    words[at + j],
    (words[at + 8u + j / 2u] >> (16u * (j & 1u))) & 0xffffu,
    d * vec2f(f32(2u * (s & 7u) + 1u), f32(2u * ((s >> 3u) & 7u) + 1u)),
  );
}
fn quad(h: Header, i: u32) -> vec4f {
  let k = i / 2u;
  let high = (h.high >> (4u * k)) & 15u;
  let v = iq1_values(byte_of(h.indices, k) | ((high & 7u) << 8u), i) + select(0.125, -0.125, high >= 8u);
  return select(h.d.y, h.d.x, i < 4u) * v;
}
