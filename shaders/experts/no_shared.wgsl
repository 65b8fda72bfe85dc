// No expert is shared. Where one is, this is experts_sums.wgsl once more, for its type.
fn multiply_2(own: vec4u, lane: u32, count: u32, input: ptr<function, array<u32, ROWS>>, acc: ptr<function, array<vec4f, ROWS>>) {}
