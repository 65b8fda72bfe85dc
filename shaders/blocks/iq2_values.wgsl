// Four of the eight values of an IQ2 entry, from its half i mod 2: 8, 25, 43 for 0, 1, 2.
fn iq2_values(index: u32, i: u32) -> vec4f {
  let q = (vec4u(entry(index) >> (8u * (i & 1u))) >> vec4u(0u, 2u, 4u, 6u)) & vec4u(3u);
  return vec4f(8u + 17u * q + (q >> vec4u(1u)));
}
