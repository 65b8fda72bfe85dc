// (sc, m) of group j of the block that starts at a word, six bits each, from the 12 bytes after (d, dmin) (Q4_K, Q5_K).
fn scale_and_min(block: u32, j: u32) -> vec2f {
  let shift = 8u * (j % 4u);
  let a = words[block + 1u] >> shift;
  let b = words[block + 2u] >> shift;
  let c = words[block + 3u] >> shift;
  let low = vec2u(a & 63u, b & 63u);
  let high = vec2u((c & 15u) | ((a >> 2u) & 48u), ((c >> 4u) & 15u) | ((b >> 2u) & 48u));
  return vec2f(select(high, low, j < 4u));
}
