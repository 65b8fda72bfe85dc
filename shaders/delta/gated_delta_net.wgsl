// gated_delta_net (NETWORK.md 3.4, 5.1), steps 2 to 7 for the row path, per V head h; q and k of head key_head(h):
//   c by convolution.wgsl;  q, k ← c / max(‖c‖₂, EPS);  g and β by head.wgsl
//   S ← exp(g_t)·S;  δ = β_t·(v_t − Sᵀk_t);  S ← S + k_t·δᵀ;  o_t = Sᵀq_t/√D;  u_t = rms(o_t) ∘ ssm_norm ∘ silu(z_t)
// f32 throughout; g ≤ 0 is a log decay.
// As computed, with c_k and c_q not yet of length 1, r = 1 / max(‖c‖₂, EPS) and S' = exp(g_t)·S:
//   δ = β_t·(v_t − r_k·S'ᵀc_k);  o_t = (r_q·S'ᵀc_q + δ·r_k·r_q·c_kᵀc_q)/√D;  S = S' + c_k·(r_k·δ)ᵀ
// So one sum over lanes gives both δ and o_t. Every workgroup of a head convolves its q and k: four fma a channel.
// Order (I3), for every T: LANES invocations own column v, lane l the quads l, l + LANES, …; fma over them, (x + y) + (z + w), then
// the lanes in turn. Sums over a head (‖c‖₂, c_kᵀc_q, rms): dot_quad, then the quads in turn.
// Before the T rows come `replay` rows that an earlier pass has run: they only advance the state. Their projections are still in
// the tape, their gates in the ring. The tape strategy costs one walk, one read and at most one write of the state
// (NETWORK.md 5.2).
// Stored states, by STORES:
//   0  the state after the pass's first row, which is never rejected, in slot `to`. Rows after it are drafts, which the
//      tape holds. Without rows, the state after the replayed ones.
//   K  snapshots, newest first: slot s is the state s rows before the end. min(T, K) are written, the others left
//      alone. The input slot may be one of them: a column is read whole before it is written, and has one owner.
// 0 tape     [C, RING]         read         raw projections by position mod RING
// 1 w        [4, C]            read
// 2 proj     [STRIDE, T]       read         z, α, β
// 3 vectors  [2·HV + D]        read         ssm_a, ssm_dt, ssm_norm
// 4 gates    [2, HV, RING]     read_write   g, β by position mod RING: read for replayed rows, written for the T rows, which are
//                                           others, since RING holds both
// 5 slots    [D, D, HV, slots] read_write   k fastest
// 6 out      [D, HV, T]        read_write   NORMED: u, each row in lane order; else o
// 7 step                       read         rows = T
// Dispatch (HV·D / COLUMNS), workgroup COLUMNS / EACH · LANES: neighbouring lanes read neighbouring quads, of EACH ≤ LANES columns.
// NORMED needs a head in one workgroup: COLUMNS = D.
@group(0) @binding(0) var<storage, read> tape: array<vec4f>;
@group(0) @binding(1) var<storage, read> w: array<vec4f>;
@group(0) @binding(2) var<storage, read> proj: array<f32>;
@group(0) @binding(3) var<storage, read> vectors: array<f32>;
@group(0) @binding(4) var<storage, read_write> gates: array<vec2f>;
@group(0) @binding(5) var<storage, read_write> slots: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> out: array<f32>;
@group(0) @binding(7) var<storage, read> step: StepState;

const QUADS = D / 4u;
const OWN = QUADS / LANES; // quads of a lane
const SIZE = COLUMNS / EACH * LANES;
const INPUTS = 2u * QUADS + COLUMNS / 4u; // quads of k, q and v of a row
const BATCH = 4u; // rows whose inputs are made at once, so that they share the barriers; D quads of k
var<workgroup> keys: array<vec4f, D>;                 // [QUADS, BATCH] c_k
var<workgroup> queries: array<vec4f, D>;              // [QUADS, BATCH] c_q
var<workgroup> values: array<f32, BATCH * COLUMNS>;   // [COLUMNS, BATCH] v, then o in its place
var<workgroup> factors: array<f32, 3u * BATCH>;       // [BATCH, 3] r_k, r_q, c_kᵀc_q
var<workgroup> rates: array<vec2f, BATCH>;            // exp(g), β
var<workgroup> sums: array<vec2f, 2u * EACH * SIZE>;  // [EACH, SIZE, 2] of a lane S'ᵀc_k, S'ᵀc_q, of two rows in turn; then of
                                                      // each quad of o oᵀo in x

fn total(x: vec4f) -> f32 { return (x.x + x.y) + (x.z + x.w); }

@compute @workgroup_size(SIZE)
fn main(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) local: u32) {
  let rows = min(step.rows, min(arrayLength(&out) / (HV * D), arrayLength(&proj) / STRIDE));
  let replay = min(step.replay, RING);
  let all = rows + replay;
  if (all == 0u) { return; }
  let kept = min(replay, all - 1u); // the row after which STORES 0 stores the state
  let start = step.position - replay;
  let lane = local % LANES;
  let h = wg.x / (D / COLUMNS);
  let block = wg.x % (D / COLUMNS); // of the head's columns
  let own = local / LANES * EACH;   // first own column, of the workgroup's
  let column = (h * D + block * COLUMNS + own) * QUADS + lane;
  let slot_quads = HV * D * QUADS;
  let last_slot = arrayLength(&slots) / slot_quads - 1u;
  let from_slot = min(step.slot, last_slot) * slot_quads;
  let to_slot = min(step.to, last_slot);
  let q_quad = key_head(h) * QUADS;
  let k_quad = HK * QUADS + q_quad;
  let v_quad = 2u * HK * QUADS + (h * D + block * COLUMNS) / 4u;

  var state = array<vec4f, EACH * OWN>();
  for (var c = 0u; c < EACH; c++) {
    for (var i = 0u; i < OWN; i++) { state[c * OWN + i] = slots[from_slot + column + c * QUADS + i * LANES]; }
  }
  for (var first = 0u; first < all; first += BATCH) {
    let n = min(BATCH, all - first);
    for (var base = 0u; base < n * INPUTS; base += SIZE) {
      let t = (base + local) / INPUTS;
      let i = (base + local) % INPUTS;
      if (t < n) {
        let head = select(q_quad, k_quad, i < QUADS);
        let c = convolved(start + first + t, select(v_quad + i - 2u * QUADS, head + i % QUADS, i < 2u * QUADS));
        if (i < QUADS) {
          keys[t * QUADS + i] = c;
        } else if (i < 2u * QUADS) {
          queries[t * QUADS + i - QUADS] = c;
        } else {
          for (var j = 0u; j < 4u; j++) { values[t * COLUMNS + 4u * (i - 2u * QUADS) + j] = c[j]; }
        }
      }
    }
    let last = SIZE - 1u - local; // the last invocations have the least to do above
    if (last < n) {
      let t = first + last;
      let place = ((start + t) % RING) * HV + h;
      var gate = vec2f();
      if (t < replay) {
        gate = gates[place];
      } else {
        gate = row_gates(t - replay, h);
        if (block == 0u) { gates[place] = gate; }
      }
      rates[last] = vec2f(exp(gate.x), gate.y);
    }
    workgroupBarrier();
    if (local < 3u * BATCH) {
      var sum = 0.0;
      for (var i = 0u; i < trips(QUADS); i++) {
        let at = local % BATCH * QUADS + i;
        let k = keys[at];
        let q = queries[at];
        sum += dot_quad(select(k, q, local / BATCH == 1u), select(q, k, local / BATCH == 0u));
      }
      if (local < 2u * BATCH) { sum = 1.0 / max(sqrt(sum), EPS); }
      factors[local] = sum;
    }
    workgroupBarrier();

    for (var row = first; row < first + n; row++) {
      let t = row - first;
      let decay = rates[t].x;
      let r_k = factors[t];
      let r_q = factors[BATCH + t];
      let kq = factors[2u * BATCH + t] * r_k * r_q;
      var sk = array<vec4f, EACH>();
      var sq = array<vec4f, EACH>();
      for (var i = 0u; i < OWN; i++) {
        let k = keys[t * QUADS + lane + i * LANES];
        let q = queries[t * QUADS + lane + i * LANES];
        for (var c = 0u; c < EACH; c++) {
          state[c * OWN + i] *= decay;
          sk[c] = fma(state[c * OWN + i], k, sk[c]);
          sq[c] = fma(state[c * OWN + i], q, sq[c]);
        }
      }
      var sum = array<vec2f, EACH>();
      var value = array<f32, EACH>();
      for (var c = 0u; c < EACH; c++) {
        sum[c] = vec2f(total(sk[c]), total(sq[c]));
        value[c] = values[t * COLUMNS + own + c];
      }
      if (LANES > 1u) {
        let page = (row % 2u) * SIZE; // while one is read the other is written
        for (var c = 0u; c < EACH; c++) { sums[(page + local) * EACH + c] = sum[c]; }
        workgroupBarrier();
        for (var c = 0u; c < EACH; c++) {
          sum[c] = sums[(page + local - lane) * EACH + c];
          for (var l = 1u; l < LANES; l++) { sum[c] += sums[(page + local - lane + l) * EACH + c]; }
        }
      }
      var slot = all - 1u - row;
      var stored = slot < STORES;
      if (STORES == 0u) { slot = to_slot; stored = row == kept; }
      for (var c = 0u; c < EACH; c++) {
        let delta = rates[t].y * fma(-r_k, sum[c].x, value[c]);
        let o = fma(delta, kq, r_q * sum[c].y) * SCALE;
        if (lane == 0u && NORMED) { values[t * COLUMNS + own + c] = o; }
        if (lane == 0u && !NORMED && row >= replay) {
          out[((row - replay) * HV + h) * D + block * COLUMNS + own + c] = o;
        }
        let change = vec4f(r_k * delta);
        for (var i = 0u; i < OWN; i++) {
          state[c * OWN + i] = fma(keys[t * QUADS + lane + i * LANES], change, state[c * OWN + i]);
          if (stored) { slots[slot * slot_quads + column + c * QUADS + i * LANES] = state[c * OWN + i]; }
        }
      }
    }
    workgroupBarrier(); // before the next rows' inputs are written

    if (NORMED) {
      let t = local / QUADS;
      let quad = local % QUADS;
      var o = vec4f();
      if (t < n) {
        for (var j = 0u; j < 4u; j++) { o[j] = values[4u * local + j]; }
        sums[local].x = dot_quad(o, o);
      }
      workgroupBarrier();
      if (t < n && first + t >= replay) {
        var sum = 0.0;
        for (var i = 0u; i < trips(QUADS); i++) { sum += sums[t * QUADS + i].x; }
        let row = first + t - replay;
        let u = gated(o, sum, row, h, quad);
        let at = row * HV * D + 4u * quad_place(h * QUADS + quad, HV * D);
        for (var j = 0u; j < 4u; j++) { out[at + j] = u[j]; }
      }
    }
  }
}
