// TQ1_0: y = d·(t − 1), t a digit of base 3: digit n of a byte b is ((b·3ⁿ mod 256)·3) div 256. Planes: 13 words a block
// of 256; d, two f16 a word. Groups 0–4 are digits 0–4 of bytes 0–31; of bytes 32–47, digits 0–4 are elements 160–239;
// of bytes 48–51, digits 0–3 are elements 240–255.
@group(0) @binding(0) var<storage, read> words: array<u32>;

struct Header { block: u32, j: u32, d: f32 }
fn header(row: u32, group: u32) -> Header {
  let block = row * (shape.k / 256u) + group / 8u;
  return Header(block * 13u, group % 8u, scale(block));
}
fn quad(h: Header, i: u32) -> vec4f {
  var at = i;
  var digit = h.j;
  if (h.j >= 5u) {
    let e = 8u * (h.j - 5u) + i; // quads of four elements from 160 on
    at = select(12u, 8u + e % 4u, e < 20u);
    digit = select(e - 20u, e / 4u, e < 20u);
  }
  var power = 1u;
  for (var n = 0u; n < digit; n++) { power *= 3u; }
  let bytes = vec4u(unpack4xU8(words[h.block + at]));
  return h.d * (vec4f((((bytes * power) & vec4u(255u)) * 3u) >> vec4u(8u)) - 1.0);
}
