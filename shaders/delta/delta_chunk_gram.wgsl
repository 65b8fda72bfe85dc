// delta_chunk_gram (NETWORK.md 3.5): the token-by-token products of a chunk, per V head, G the running sum of g
//   A_ij = β_i·(k_i·k_j)·exp(G_i − G_j)  for j < i,   P_ij = (q_i·k_j)·exp(G_i − G_j)  for j ≤ i
// The exponent is summed from g_{j+1}…g_i, so it is never positive.
// 0 mixed  [C, T]           read         q heads, k heads, v heads
// 1 gates  [2, HV, RING]    read         g, β by position mod RING
// 2 grams  [2, MAX_ROWS, MAX_ROWS, HV]  read_write  (A, P) of column j, row i; only j ≤ i are written
// 3 step                    read
// Dispatch (HV, T), workgroup MAX_ROWS: row i, an invocation a column j.
@group(0) @binding(0) var<storage, read> mixed: array<vec4f>;
@group(0) @binding(1) var<storage, read> gates: array<vec2f>;
@group(0) @binding(2) var<storage, read_write> grams: array<vec2f>;
@group(0) @binding(3) var<storage, read> step: StepState;

const QUADS = D / 4u;

@compute @workgroup_size(MAX_ROWS)
fn main(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) j: u32) {
  let h = wg.x;
  let i = wg.y;
  if (i >= step.rows || j > i) { return; }
  let key = key_head(h);
  let q_i = i * (C / 4u) + key * QUADS;
  let k_i = q_i + HK * QUADS;
  let k_j = j * (C / 4u) + (HK + key) * QUADS;
  var kk = vec4f();
  var qk = vec4f();
  for (var d = 0u; d < trips(QUADS); d++) {
    let other = mixed[k_j + d];
    kk = fma(mixed[k_i + d], other, kk);
    qk = fma(mixed[q_i + d], other, qk);
  }
  var exponent = 0.0;
  for (var t = j + 1u; t <= i; t++) { exponent += gates[((step.position + t) % RING) * HV + h].x; }
  let decay = exp(exponent);
  let a = gates[((step.position + i) % RING) * HV + h].y * ((kk.x + kk.y) + (kk.z + kk.w)) * decay;
  let p = ((qk.x + qk.y) + (qk.z + qk.w)) * decay;
  grams[(h * MAX_ROWS + i) * MAX_ROWS + j] = vec2f(a, p);
}
