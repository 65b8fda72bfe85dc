// gated_delta_net (NETWORK.md 3.4, 5.1), per V head h; K and Q head key_head(h):
//   S ← exp(g_t)·S;  δ = β_t·(v_t − Sᵀk_t);  S ← S + k_t·δᵀ;  o_t = Sᵀq_t/√D
// q, k arrive L2-normalised; g ≤ 0 is a log decay. f32 throughout.
// As computed, S' = exp(g_t)·S:  δ = β_t·(v_t − S'ᵀk_t);  o_t = (S'ᵀq_t + δ·k_tᵀq_t)/√D;  S = S' + k_t·δᵀ. So one sum over lanes
// gives both δ and o_t.
// Order (I3): LANES invocations own column v, lane l the quads l, l + LANES, …; fma over them, (x + y) + (z + w), then the lanes
// in turn; for every T.
// Before the T rows come `replay` rows that an earlier pass has run: they only advance the state. The tape strategy costs
// one walk, one read and at most one write of the state (NETWORK.md 5.2).
// Stored states, by STORES:
//   0  the state after the pass's first row, which is never rejected, in slot `to`. Rows after it are drafts, which the
//      tape holds. Without rows, the state after the replayed ones.
//   K  snapshots, newest first: slot s is the state s tokens before the end. min(T, K) are written, the others left
//      alone. The input slot may be one of them: a column is read whole before it is written, and has one owner.
// 0 mixed  q, k, v by strides       read         element (d, head, t, b) at X0 + head·HEAD + t·TOKEN + b·SEQUENCE; the
//                                                replayed rows first
// 1 gates  [2, HV, RING, B]         read         g, β by position mod RING
// 2 slots  [D, D, HV, B, slots]     read_write   k fastest
// 3 out    [D, HV, T, B]            read_write
// 4 step                            read         rows = T
// Dispatch (HV·D / COLUMNS, 1, B), workgroup COLUMNS·LANES: neighbouring lanes read neighbouring quads.
@group(0) @binding(0) var<storage, read> mixed: array<f32>;
@group(0) @binding(1) var<storage, read> gates: array<vec2f>;
@group(0) @binding(2) var<storage, read_write> slots: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;
@group(0) @binding(4) var<storage, read> step: StepState;

const QUADS = D / 4u;
const OWN = QUADS / LANES; // quads of a lane
const SIZE = COLUMNS * LANES;
// k and q of two rows in turn: while one is read the other is written.
var<workgroup> keys: array<vec4f, 2u * QUADS>;
var<workgroup> queries: array<vec4f, 2u * QUADS>;
var<workgroup> sums: array<vec3f, SIZE>; // of each lane: S'ᵀk, S'ᵀq, kᵀq

fn quad(at: u32) -> vec4f { return vec4f(mixed[at], mixed[at + 1u], mixed[at + 2u], mixed[at + 3u]); }
fn total(x: vec4f) -> f32 { return (x.x + x.y) + (x.z + x.w); }

@compute @workgroup_size(SIZE)
fn main(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) local: u32) {
  let rows = step.rows;
  let replay = step.replay;
  if (rows + replay == 0u) { return; }
  let kept = min(replay, rows + replay - 1u); // the row after which STORES 0 stores the state
  let lane = local % LANES;
  let h = wg.x / (D / COLUMNS);
  let v = (wg.x % (D / COLUMNS)) * COLUMNS + local / LANES;
  let b = wg.z;
  let column = ((b * HV + h) * D + v) * QUADS + lane;
  let slot_quads = SEQUENCES * HV * D * QUADS;
  let qk = key_head(h) * QK_HEAD + b * QK_SEQUENCE;

  var state = array<vec4f, OWN>();
  for (var i = 0u; i < OWN; i++) { state[i] = slots[step.slot * slot_quads + column + i * LANES]; }
  for (var t = 0u; t < rows + replay; t++) {
    let page = (t % 2u) * QUADS;
    for (var i = local; i < QUADS; i += SIZE) {
      keys[page + i] = quad(K0 + qk + t * QK_TOKEN + 4u * i);
      queries[page + i] = quad(Q0 + qk + t * QK_TOKEN + 4u * i);
    }
    workgroupBarrier();
    let gate = gates[(b * RING + (step.position + t - replay) % RING) * HV + h];
    let decay = exp(gate.x);
    var sk = vec4f();
    var sq = vec4f();
    var kq = vec4f();
    for (var i = 0u; i < OWN; i++) {
      let k = keys[page + lane + i * LANES];
      let q = queries[page + lane + i * LANES];
      state[i] *= decay;
      sk = fma(state[i], k, sk);
      sq = fma(state[i], q, sq);
      kq = fma(k, q, kq);
    }
    sums[local] = vec3f(total(sk), total(sq), total(kq));
    workgroupBarrier();
    var sum = vec3f();
    for (var l = 0u; l < LANES; l++) { sum += sums[local - lane + l]; }
    let value = mixed[V0 + h * V_HEAD + t * V_TOKEN + b * V_SEQUENCE + v];
    let delta = gate.y * (value - sum.x);
    if (t >= replay && lane == 0u) { out[((b * rows + t - replay) * HV + h) * D + v] = fma(delta, sum.z, sum.y) * SCALE; }
    var slot = rows + replay - 1u - t;
    var stored = slot < STORES;
    if (STORES == 0u) { slot = step.to; stored = t == kept; }
    for (var i = 0u; i < OWN; i++) {
      state[i] = fma(keys[page + lane + i * LANES], vec4f(delta), state[i]);
      if (stored) { slots[slot * slot_quads + column + i * LANES] = state[i]; }
    }
  }
}
