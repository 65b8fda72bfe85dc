// delta_chunk (NETWORK.md 3.5): the gated delta rule for a chunk of T ≤ MAX_ROWS tokens at once, per V head; S the state before
// the chunk, G the running sum of g, A and P from delta_chunk_gram:
//   δ_i = β_i·(v_i − exp(G_i)·Sᵀk_i) − Σ_{j<i} A_ij·δ_j          (forward substitution of (I + A)δ = …)
//   o_i = (exp(G_i)·Sᵀq_i + Σ_{j≤i} P_ij·δ_j) / √D
//   S   ← exp(G_T)·S + Σ_j exp(G_T − G_j)·k_j·δ_jᵀ
// S stays still until the end, so it is read once for TOKENS of them, and products with it replace passes over it.
// Order: fma over quads of k = 0…D − 1; (x + y) + (z + w); then over j in turn.
// 0 mixed  [C, T]           read         q heads, k heads, v heads
// 1 gates  [2, HV, RING]    read         g, β by position mod RING
// 2 grams  [2, MAX_ROWS, MAX_ROWS, HV]  read  (A, P)
// 3 slots  [D, D, HV, 1, …] read_write   k fastest; read at step.slot, written at step.to
// 4 out    [D, HV, T]       read_write
// 5 step                    read
// Dispatch (HV·D / COLUMNS), workgroup COLUMNS: an invocation owns column v.
@group(0) @binding(0) var<storage, read> mixed: array<vec4f>;
@group(0) @binding(1) var<storage, read> gates: array<vec2f>;
@group(0) @binding(2) var<storage, read> grams: array<vec2f>;
@group(0) @binding(3) var<storage, read_write> slots: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
@group(0) @binding(5) var<storage, read> step: StepState;

const QUADS = D / 4u;
const TOKENS = 8u;
const SQ = TOKENS * COLUMNS;
var<workgroup> deltas: array<f32, COLUMNS * MAX_ROWS>;  // [COLUMNS, tokens]
var<workgroup> products: array<f32, 2u * SQ>;           // [COLUMNS, TOKENS] of Sᵀk, then of Sᵀq

@compute @workgroup_size(COLUMNS)
fn main(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) local: u32) {
  let rows = step.rows;
  let h = wg.x / (D / COLUMNS);
  let v = (wg.x % (D / COLUMNS)) * COLUMNS + local;
  let column = (h * D + v) * QUADS;
  let q0 = key_head(h) * QUADS;
  let k0 = HK * QUADS + q0;
  let before = step.slot * HV * D * QUADS + column;
  let after = step.to * HV * D * QUADS + column;

  var total = 0.0;
  for (var first = 0u; first < rows; first += TOKENS) {
    // Written out: without an initial value, Tint clears a variable of a loop once, not each time round.
    var sk = array<vec4f, TOKENS>();
    var sq = array<vec4f, TOKENS>();
    for (var i = 0u; i < trips(QUADS); i++) {
      let s = slots[before + i];
      for (var t = 0u; t < TOKENS; t++) { // past the end: rows of an earlier pass, never used
        let row = min(first + t, MAX_ROWS - 1u) * (C / 4u) + i;
        sk[t] = fma(s, mixed[row + k0], sk[t]);
        sq[t] = fma(s, mixed[row + q0], sq[t]);
      }
    }
    for (var t = 0u; t < TOKENS; t++) {
      products[t * COLUMNS + local] = (sk[t].x + sk[t].y) + (sk[t].z + sk[t].w);
      products[SQ + t * COLUMNS + local] = (sq[t].x + sq[t].y) + (sq[t].z + sq[t].w);
    }
    for (var t = first; t < min(first + TOKENS, rows); t++) {
      let gate = gates[((step.position + t) % RING) * HV + h];
      total += gate.x;
      let decay = exp(total);
      let at = t * C + 2u * HK * D + h * D + v;
      var delta = gate.y * (mixed[at / 4u][at % 4u] - decay * products[(t - first) * COLUMNS + local]);
      var o = decay * products[SQ + (t - first) * COLUMNS + local];
      for (var j = 0u; j < t; j++) {
        let gram = grams[(h * MAX_ROWS + t) * MAX_ROWS + j];
        delta = fma(-gram.x, deltas[j * COLUMNS + local], delta);
        o = fma(gram.y, deltas[j * COLUMNS + local], o);
      }
      deltas[t * COLUMNS + local] = delta;
      o = fma(grams[(h * MAX_ROWS + t) * MAX_ROWS + t].y, delta, o);
      out[(t * HV + h) * D + v] = o * SCALE;
    }
  }

  // δ_j becomes exp(G_T − G_j)·δ_j, with g summed from the end: no difference of large sums.
  var rest = 0.0;
  for (var back = 0u; back < rows; back++) {
    let t = rows - 1u - back;
    deltas[t * COLUMNS + local] *= exp(rest);
    rest += gates[((step.position + t) % RING) * HV + h].x;
  }
  let decay = exp(total);
  for (var i = 0u; i < trips(QUADS); i++) {
    var s = slots[before + i] * decay;
    for (var t = 0u; t < rows; t++) { s = fma(mixed[t * (C / 4u) + k0 + i], vec4f(deltas[t * COLUMNS + local]), s); }
    slots[after + i] = s;
  }
}
