// The codebook of an IQ type (codebooks.ts): entries of 16 bits, two a word.
@group(0) @binding(8) var<storage, read> codebook: array<u32>;

fn entry(index: u32) -> u32 { return (codebook[index >> 1u] >> (16u * (index & 1u))) & 0xffffu; }

// Byte `at` mod 4 of a word.
fn byte_of(word: u32, at: u32) -> u32 { return (word >> (8u * (at & 3u))) & 255u; }
