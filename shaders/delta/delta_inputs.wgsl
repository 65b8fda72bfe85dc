// delta_inputs (NETWORK.md 3.4, steps 2 to 4): what the chunked delta rule reads, from the projections of row t at position p
//   c by convolution.wgsl; q, k heads: c / max(‖c‖₂, EPS); v heads: c; g and β by head.wgsl
// Order (I3): an invocation's four squares by dot_quad, then the invocations of the row in turn.
// 0 tape     [C, RING]     read         raw projections m by position mod RING: the conv history is the tape itself
// 1 w        [4, C]        read
// 2 proj     [STRIDE, T]   read         z, α, β
// 3 vectors  [2·HV + D]    read         ssm_a, ssm_dt, ssm_norm
// 4 mixed    [C, T]        read_write   q heads, k heads, v heads
// 5 gates    [2, HV, RING] read_write   g, β by position mod RING
// 6 step                   read
// Dispatch (C / D, T / 4), workgroup D: a workgroup owns four rows of one head, an invocation four neighbours.
@group(0) @binding(0) var<storage, read> tape: array<vec4f>;
@group(0) @binding(1) var<storage, read> w: array<vec4f>;
@group(0) @binding(2) var<storage, read> proj: array<f32>;
@group(0) @binding(3) var<storage, read> vectors: array<f32>;
@group(0) @binding(4) var<storage, read_write> mixed: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> gates: array<vec2f>;
@group(0) @binding(6) var<storage, read> step: StepState;

const QUADS = D / 4u;
var<workgroup> squares: array<f32, D>;

@compute @workgroup_size(D)
fn main(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) local: u32) {
  if (4u * wg.y >= step.rows) { return; }
  let t = 4u * wg.y + local / QUADS;
  let quad = local % QUADS;
  let position = step.position + t;
  var c = vec4f();
  if (t < step.rows) { c = convolved(position, wg.x * QUADS + quad); }
  if (wg.x < 2u * HK) {
    squares[local] = dot_quad(c, c);
    workgroupBarrier();
    var sum = 0.0;
    for (var i = 0u; i < trips(QUADS); i++) { sum += squares[local - quad + i]; }
    c /= max(sqrt(sum), EPS);
  } else if (quad == 0u && t < step.rows) {
    let h = wg.x - 2u * HK;
    gates[(position % RING) * HV + h] = row_gates(t, h);
  }
  if (t < step.rows) { mixed[t * (C / 4u) + wg.x * QUADS + quad] = c; }
}
