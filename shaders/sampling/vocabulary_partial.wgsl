// vocabulary_partial: for row t of the pass and one chunk of the vocabulary, the best candidate and the chunk's part of the
// normaliser. The candidate is a Gumbel arg-max, which samples the softmax exactly, in one pass and without a sort:
//   token = argmax over x_i ≥ threshold of  x_i / temperature − ln(−ln u_i),   u_i = hash(seed, position, i) in (0, 1)
// and with temperature 0 the plain arg-max. Of equal candidates the lowest id wins.
// Hash: pcg3d (Jarzynski and Olano, "Hash Functions for GPU Rendering", 2020), so that a sample depends on seed and
// position alone. u = (n + ½)·2⁻²³ is exact, so never 1, and a −ln u that a device
// rounds to 0 counts as the smallest there is: no candidate is lifted by more than 16.7.
// 0 logits     [V, T − FIRST]    read
// 1 sampling                     read
// 2 threshold  [T]               read
// 3 partials   [CHUNKS, T]       read_write   see candidate.wgsl
// 4 step                         read
// Dispatch (CHUNKS, T − FIRST), workgroup WIDE. With LAST there is one row of logits, the pass's last.
@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> sampling: Sampling;
@group(0) @binding(2) var<storage, read> threshold: array<f32>;
@group(0) @binding(3) var<storage, read_write> partials: array<Candidate>;
@group(0) @binding(4) var<storage, read> step: StepState;

var<workgroup> keys: array<f32, WIDE>;
var<workgroup> ids: array<u32, WIDE>;
var<workgroup> highest: array<f32, WIDE>;
var<workgroup> mass: array<f32, WIDE>;

fn uniform_draw(position: u32, id: u32) -> f32 {
  var v = vec3u(sampling.seed, position, id) * 1664525u + 1013904223u;
  v.x += v.y * v.z;
  v.y += v.z * v.x;
  v.z += v.x * v.y;
  v ^= v >> vec3u(16u);
  v.x += v.y * v.z;
  v.y += v.z * v.x;
  v.z += v.x * v.y;
  return (f32(v.x >> 9u) + 0.5) * 1.1920928955078125e-7;
}

@compute @workgroup_size(WIDE)
fn main(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) local: u32) {
  let row = FIRST + wg.y;
  if (row >= step.rows) { return; }
  let start = wg.y * V;
  let end = min(V, (wg.x + 1u) * CHUNK);
  let position = step.position + select(row, step.rows - 1u, LAST) + 1u; // of the sampled token
  var key = -3.0e38;
  var id = 0xffffffffu;
  var top = -3.0e38;
  for (var i = wg.x * CHUNK + local; i < end; i += WIDE) {
    let x = logits[start + i];
    top = max(top, x);
    var candidate = x;
    if (SAMPLED) {
      if (x < threshold[row]) { continue; }
      if (sampling.temperature > 0.0) {
        candidate = x / sampling.temperature - log(max(-log(uniform_draw(position, i)), 5.9604645e-8));
      }
    }
    if (candidate > key) { key = candidate; id = i; }
  }
  var sum = 0.0;
  for (var i = wg.x * CHUNK + local; i < end; i += WIDE) { sum += exp(logits[start + i] - top); }
  keys[local] = key;
  ids[local] = id;
  highest[local] = top;
  mass[local] = sum;
  for (var reach = WIDE / 2u; reach > 0u; reach /= 2u) {
    workgroupBarrier();
    if (local < reach) {
      let other = local + reach;
      if (keys[other] > keys[local] || (keys[other] == keys[local] && ids[other] < ids[local])) {
        keys[local] = keys[other];
        ids[local] = ids[other];
      }
      let m = max(highest[local], highest[other]);
      mass[local] = mass[local] * exp(highest[local] - m) + mass[other] * exp(highest[other] - m);
      highest[local] = m;
    }
  }
  if (local > 0u) { return; }
  let best = logits[start + min(ids[0], V - 1u)];
  partials[row * CHUNKS + wg.x] = Candidate(keys[0], ids[0], best, highest[0], mass[0]);
}
