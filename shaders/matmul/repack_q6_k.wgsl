// Q6_K: a group of 32 gets its bits side by side, where the file has those of two and four groups in a byte: a lane then
// reads 24 bytes for it, and not 64.
//   words 4j … 4j + 3        of group j: its low nibbles, those of elements e and e + 16 in a byte
//   words 32 + 2j, 33 + 2j   its high pairs of bits, those of elements e, e + 8, e + 16, e + 24 in a byte
//   words 48 … 51            the i8 scales
fn body_word(body: u32, i: u32) -> u32 {
  if (i < 32u) {
    let j = i / 4u;
    let from_byte = body + 64u * (j / 4u) + 32u * (j % 2u) + 4u * (i % 4u);
    let shift = 4u * (j % 4u / 2u);
    let low = (word_at(from_byte) >> shift) & 0x0f0f0f0fu;
    let high = (word_at(from_byte + 16u) >> shift) & 0x0f0f0f0fu;
    return low | (high << 4u);
  }
  if (i < 48u) {
    let j = (i - 32u) / 2u;
    let from_byte = body + 128u + 32u * (j / 4u) + 4u * (i % 2u);
    var pairs = 0u;
    for (var part = 0u; part < 4u; part++) {
      pairs |= ((word_at(from_byte + 8u * part) >> (2u * (j % 4u))) & 0x03030303u) << (2u * part);
    }
    return pairs;
  }
  return word_at(body + 4u * i);
}
