// vocabulary_mask: only allowed tokens can be sampled: x_i ← −3·10³⁸ where bit i of the mask is 0. These logits add
// nothing to the normaliser: log-probabilities are those among the allowed tokens.
// 0 logits  [V]            read_write
// 1 mask    [⌈V / 32⌉]     read
// Dispatch (⌈V / WIDE⌉), workgroup WIDE.
@group(0) @binding(0) var<storage, read_write> logits: array<f32>;
@group(0) @binding(1) var<storage, read> mask: array<u32>;

@compute @workgroup_size(WIDE)
fn main(@builtin(global_invocation_id) gid: vec3u) {
  let i = gid.x;
  if (i < V && (mask[i / 32u] & (1u << (i % 32u))) == 0u) { logits[i] = -3.0e38; }
}
