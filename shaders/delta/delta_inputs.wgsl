// delta_inputs (NETWORK.md 3.4, steps 1 to 4): what the delta rule reads, from the projections of row t at position p,
// and for the `replay` rows before the first again, from the tape alone: their gates are still in the ring
//   c = silu(Σ_j w_j·m_{p−3+j}), j = 0…3, causal and per channel, m = 0 before the text
//   q, k heads: c / max(‖c‖₂, EPS);  v heads: c
//   β = sigmoid(b),  g = a·softplus(α + dt)
// 0 tape     [C, RING]     read         raw projections m by position mod RING: the conv history is the tape itself
// 1 w        [4, C]        read         tap 3 multiplies the current position
// 2 proj     [STRIDE, T]   read         α at column ALPHA, b at column BETA
// 3 a        [HV]          read         −exp(A_log)
// 4 dt       [HV]          read
// 5 mixed    [C, replay + T] read_write q heads, k heads, v heads
// 6 gates    [2, HV, RING] read_write   g, β by position mod RING
// 7 step                   read
// Dispatch (C / S, replay + T), workgroup S: a workgroup owns one head, QK_HEADS of them q or k.
@group(0) @binding(0) var<storage, read> tape: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<vec4f>;
@group(0) @binding(2) var<storage, read> proj: array<f32>;
@group(0) @binding(3) var<storage, read> a: array<f32>;
@group(0) @binding(4) var<storage, read> dt: array<f32>;
@group(0) @binding(5) var<storage, read_write> mixed: array<f32>;
@group(0) @binding(6) var<storage, read_write> gates: array<vec2f>;
@group(0) @binding(7) var<storage, read> step: StepState;

var<workgroup> partial: array<f32, S>;

fn sigmoid(x: f32) -> f32 { return 1.0 / (1.0 + exp(min(-x, 80.0))); }
fn softplus(x: f32) -> f32 { return select(log(1.0 + exp(min(x, 20.0))), x, x > 20.0); }

fn raw(position: u32, back: u32, channel: u32) -> f32 {
  if (back > position) { return 0.0; }
  return tape[((position - back) % RING) * C + channel];
}

@compute @workgroup_size(S)
fn main(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) local: u32) {
  let t = wg.y;
  if (t >= step.rows + step.replay) { return; }
  let position = step.position + t - step.replay;
  let channel = wg.x * S + local;
  let taps = w[channel];
  var c = raw(position, 3u, channel) * taps.x;
  c = fma(raw(position, 2u, channel), taps.y, c);
  c = fma(raw(position, 1u, channel), taps.z, c);
  c = fma(raw(position, 0u, channel), taps.w, c);
  var y = c * sigmoid(c);
  if (wg.x < QK_HEADS) {
    partial[local] = y * y;
    for (var reach = S / 2u; reach > 0u; reach /= 2u) {
      workgroupBarrier();
      if (local < reach) { partial[local] += partial[local + reach]; }
    }
    workgroupBarrier();
    y /= max(sqrt(partial[0]), EPS);
  } else if (local == 0u && t >= step.replay) {
    let h = wg.x - QK_HEADS;
    let row = (t - step.replay) * STRIDE;
    let g = a[h] * softplus(proj[row + ALPHA + h] + dt[h]);
    gates[(position % RING) * HV + h] = vec2f(g, sigmoid(proj[row + BETA + h]));
  }
  mixed[t * C + channel] = y;
}
