// Bits 4i to 4i + 3 of qh, each moved to bit 4 of its byte: the fifth bits of elements 4i to 4i + 3 (Q5_0, Q5_1).
fn fifth_bits(qh: u32, i: u32) -> u32 {
  let b = qh >> (4u * i);
  return ((b & 1u) << 4u) | ((b & 2u) << 11u) | ((b & 4u) << 18u) | ((b & 8u) << 25u);
}
