// Q4_K: y = d·sc·q − dmin·m, 6-bit sc and m for 32 elements. A block of 256 is 36 words: (d, dmin), 12 bytes of packed
// scales, 128 bytes of nibbles. Groups 2i and 2i + 1 are the low and high nibbles of bytes 32i….
@group(0) @binding(0) var<storage, read> words: array<u32>;

// (sc, m) of group j of the block at a word, six bits each from the 12 bytes after (d, dmin).
fn scale_and_min(block: u32, j: u32) -> vec2f {
  let shift = 8u * (j % 4u);
  let a = words[block + 1u] >> shift;
  let b = words[block + 2u] >> shift;
  let c = words[block + 3u] >> shift;
  let low = vec2u(a & 63u, b & 63u);
  let high = vec2u((c & 15u) | ((a >> 2u) & 48u), ((c >> 4u) & 15u) | ((b >> 2u) & 48u));
  return vec2f(select(high, low, j < 4u));
}

struct Header { at: u32, shift: u32, sm: vec2f }
fn header(row: u32, group: u32) -> Header {
  let block = (row * (shape.k / 256u) + group / 8u) * 36u;
  let j = group % 8u;
  return Header(block + 4u + (j / 2u) * 8u, 4u * (j & 1u), unpack2x16float(words[block]) * scale_and_min(block, j));
}
fn quad(h: Header, i: u32) -> vec4f {
  let q = (words[h.at + i] >> h.shift) & 0x0f0f0f0fu;
  return fma(vec4f(h.sm.x), vec4f(unpack4xU8(q)), vec4f(-h.sm.y));
}
