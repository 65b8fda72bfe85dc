// Four neighbouring values of the KV cache, kept as f16; needs no shader-f16.
alias Quad = vec2u;
fn pack_quad(v: vec4f) -> Quad { return vec2u(pack2x16float(v.xy), pack2x16float(v.zw)); }
fn unpack_quad(q: Quad) -> vec4f { return vec4f(unpack2x16float(q.x), unpack2x16float(q.y)); }
