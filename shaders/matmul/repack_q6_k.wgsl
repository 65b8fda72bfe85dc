// Q6_K: a group of 32 gets its bits side by side, where the file has those of two and four groups in a byte: a lane then
// reads 24 bytes for it, and not 64. Each half of a group has words of its own.
//   words 4j … 4j + 3        of group j: its low nibbles; word w has elements 8w … 8w + 3 below, 8w + 4 … 8w + 7 above
//   words 32 + 2j, 33 + 2j   its high pairs of bits; word v has elements 16v + 4q … 16v + 4q + 3 at bits 2q
//   words 48 … 51            the i8 scales
fn body_word(body: u32, i: u32) -> u32 {
  if (i < 32u) {
    let j = i / 4u;
    let from_byte = body + 64u * (j / 4u) + 32u * (j % 2u) + 8u * (i % 4u);
    let shift = 4u * (j % 4u / 2u);
    let low = (word_at(from_byte) >> shift) & 0x0f0f0f0fu;
    let high = (word_at(from_byte + 4u) >> shift) & 0x0f0f0f0fu;
    return low | (high << 4u);
  }
  if (i < 48u) {
    let j = (i - 32u) / 2u;
    let from_byte = body + 128u + 32u * (j / 4u) + 16u * (i % 2u);
    var pairs = 0u;
    for (var part = 0u; part < 4u; part++) {
      pairs |= ((word_at(from_byte + 4u * part) >> (2u * (j % 4u))) & 0x03030303u) << (2u * part);
    }
    return pairs;
  }
  return word_at(body + 4u * i);
}
