// The input of a product is rms(x_t) ∘ w: its lanes see the whole row, and so add up its squares beside their products.
// 6 norm_w  [K]   read   in lane order
@group(0) @binding(6) var<storage, read> norm_w: array<vec4f>;
const NORMED = true;
fn prepare(first: u32, count: u32, group: u32, local: u32) {}
fn gain(i: u32) -> vec4f { return norm_w[i]; }
fn input(v: vec4f, r: u32, factor: vec4f) -> vec4f { return v * factor; }
fn input_scale(t: u32) -> f32 { return 1.0; }
