// The input of a product is rms(x_t) ∘ w, of which norm_gain.wgsl has made x_t ∘ w and, row by row, the scale.
// 6 row_scales  [T]   read
@group(0) @binding(6) var<storage, read> row_scales: array<f32>;
const NORMED = false;
const EPS = 0.0;
fn prepare(first: u32, count: u32, group: u32, local: u32) {}
fn gain(i: u32) -> vec4f { return vec4f(1.0); }
fn input(v: vec4f, r: u32, factor: vec4f) -> vec4f { return v; }
fn input_scale(t: u32) -> f32 { return row_scales[t]; }
