// Four neighbouring values of the KV cache, kept as f32.
alias Quad = vec4f;
fn pack_quad(v: vec4f) -> Quad { return v; }
fn unpack_quad(q: Quad) -> vec4f { return q; }
