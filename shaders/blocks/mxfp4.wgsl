// MXFP4 (OCP Microscaling 1.0): y = 2^(e − 128)·T[q], T twice the values of E2M1. Planes: 4 words of nibbles a block of 32;
// e, four bytes a word.
@group(0) @binding(0) var<storage, read> words: array<u32>;
@group(0) @binding(1) var<storage, read> scales: array<u32>;

// Bits 0–2 of a nibble: 0, 1, 2, 3, 4, 6, 8, 12; bit 3 is the sign.
fn e2m1(q: vec4u) -> vec4f {
  let m = q & vec4u(7u);
  let one = 2u + (m & vec4u(1u));
  let size = select(one << (max(m, vec4u(2u)) / 2u - 1u), m, m < vec4u(4u));
  return select(vec4f(size), -vec4f(size), q >= vec4u(8u));
}

struct Header { at: u32, d: f32 }
fn header(row: u32, group: u32) -> Header {
  let block = row * (shape.k / 32u) + group;
  let e = (scales[block >> 2u] >> (8u * (block & 3u))) & 255u;
  // Below 2, the product is no normal f32; 2^-127 and less is far below what any weight adds.
  return Header(block * 4u, bitcast<f32>(select((e - 1u) << 23u, 0x200000u << e, e < 2u)));
}
fn quad(h: Header, i: u32) -> vec4f {
  let packed = words[h.at + i % 4u] >> (4u * (i / 4u));
  return h.d * e2m1(vec4u(packed, packed >> 8u, packed >> 16u, packed >> 24u) & vec4u(15u));
}
