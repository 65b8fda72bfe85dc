// Signs of the IQ2 and IQ3 types: a set bit is a minus. Seven bits stand for eight, the eighth makes their number even.
fn eight_signs(seven: u32) -> u32 { return seven | ((countOneBits(seven) & 1u) << 7u); }

fn with_signs(v: vec4f, bits: u32) -> vec4f {
  return select(v, -v, ((vec4u(bits) >> vec4u(0u, 1u, 2u, 3u)) & vec4u(1u)) == vec4u(1u));
}
