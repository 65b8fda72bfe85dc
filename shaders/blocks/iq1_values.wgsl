// Four of the eight values −1, 0, 1 of an IQ1 entry, from its half i mod 2.
fn iq1_values(index: u32, i: u32) -> vec4f {
  let q = (vec4u(entry(index) >> (8u * (i & 1u))) >> vec4u(0u, 2u, 4u, 6u)) & vec4u(3u);
  return vec4f(q) - 1.0;
}
