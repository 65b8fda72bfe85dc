// delta_chunk (NETWORK.md 3.5): the gated delta rule for a chunk of T ≤ MAX_ROWS tokens at once, per V head; S the state before
// the chunk, G the running sum of g, A and P from delta_chunk_gram:
//   δ_i = β_i·(v_i − exp(G_i)·Sᵀk_i) − Σ_{j<i} A_ij·δ_j          (forward substitution of (I + A)δ = …)
//   o_i = (exp(G_i)·Sᵀq_i + Σ_{j≤i} P_ij·δ_j) / √D
//   S   ← exp(G_T)·S + Σ_j exp(G_T − G_j)·k_j·δ_jᵀ
// S stays still until the end, in registers, and LANES tokens at a time are multiplied with it: lane l owns the quads l, l + LANES, …
// of its column, and of each LANES tokens the l-th.
// Order: fma over a lane's quads; (x + y) + (z + w); the lanes in turn; then over j in turn.
// 0 mixed  [C, T]           read         q heads, k heads, v heads
// 1 gates  [2, HV, RING]    read         g, β by position mod RING
// 2 grams  [2, MAX_ROWS, MAX_ROWS, HV]  read  (A, P)
// 3 slots  [D, D, HV, 1, …] read_write   k fastest; read at step.slot, written at step.to
// 4 out    [D, HV, T]       read_write
// 5 step                    read
// Dispatch (HV·D / COLUMNS), workgroup COLUMNS·LANES: LANES invocations own column v.
@group(0) @binding(0) var<storage, read> mixed: array<vec4f>;
@group(0) @binding(1) var<storage, read> gates: array<vec2f>;
@group(0) @binding(2) var<storage, read> grams: array<vec2f>;
@group(0) @binding(3) var<storage, read_write> slots: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
@group(0) @binding(5) var<storage, read> step: StepState;

const QUADS = D / 4u;
const OWN = QUADS / LANES; // quads of a lane
const SIZE = COLUMNS * LANES;
var<workgroup> deltas: array<f32, COLUMNS * MAX_ROWS>; // [COLUMNS, tokens]
var<workgroup> partials: array<vec2f, LANES * SIZE>;   // [SIZE, LANES tokens] a lane's part of Sᵀk and Sᵀq; past the end: never used
var<workgroup> bases: array<vec2f, SIZE>;              // δ and o of a lane's token, without what tokens of its LANES add

fn total(x: vec4f) -> f32 { return (x.x + x.y) + (x.z + x.w); }

@compute @workgroup_size(SIZE)
fn main(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) local: u32) {
  let rows = pass_rows();
  if (rows == 0u) { return; }
  let lane = local % LANES;
  let own = local / LANES;  // column, of the workgroup's
  let row = local - lane;   // first lane of the column
  let h = wg.x / (D / COLUMNS);
  let v = (wg.x % (D / COLUMNS)) * COLUMNS + own;
  let column = (h * D + v) * QUADS + lane;
  let q0 = key_head(h) * QUADS + lane;
  let k0 = HK * QUADS + q0;
  let last_slot = arrayLength(&slots) / (HV * D * QUADS) - 1u;
  let before = min(step.slot, last_slot) * HV * D * QUADS + column;
  let after = min(step.to, last_slot) * HV * D * QUADS + column;

  var state = array<vec4f, OWN>();
  for (var i = 0u; i < OWN; i++) { state[i] = slots[before + i * LANES]; }
  var sum_g = 0.0; // of the tokens before `first`
  for (var first = 0u; first < rows; first += LANES) {
    // A loop that is not unrolled: with the loads of all tokens in flight at once, registers would run out.
    for (var t = 0u; t < min(LANES, rows - first); t++) {
      var sk = vec4f();
      var sq = vec4f();
      for (var i = 0u; i < OWN; i++) {
        let at = (first + t) * (C / 4u) + i * LANES;
        sk = fma(state[i], mixed[at + k0], sk);
        sq = fma(state[i], mixed[at + q0], sq);
      }
      partials[t * SIZE + local] = vec2f(total(sk), total(sq));
    }
    workgroupBarrier();

    let token = first + lane;
    let grams_of = (h * MAX_ROWS + token) * MAX_ROWS;
    var g = sum_g;
    for (var t = 0u; t < LANES; t++) {
      let gate = gates[((step.position + first + t) % RING) * HV + h].x;
      if (t <= lane) { g += gate; }
      if (first + t < rows) { sum_g += gate; }
    }
    var products = vec2f();
    for (var l = 0u; l < LANES; l++) { products += partials[lane * SIZE + row + l]; }
    let decay = exp(g);
    let at = token * C + 2u * HK * D + h * D + v;
    let beta = gates[((step.position + token) % RING) * HV + h].y;
    var delta = beta * (mixed[at / 4u][at % 4u] - decay * products.x);
    var o = decay * products.y;
    for (var j = 0u; j < first; j++) {
      let gram = grams[grams_of + j];
      delta = fma(-gram.x, deltas[j * COLUMNS + own], delta);
      o = fma(gram.y, deltas[j * COLUMNS + own], o);
    }
    bases[local] = vec2f(delta, o);
    workgroupBarrier();

    // Each lane solves for all tokens up to its own: they are few.
    var solved = array<f32, LANES>();
    for (var t = 0u; t < LANES; t++) {
      var d = bases[row + t].x;
      for (var j = 0u; j < t; j++) {
        d = fma(-grams[(h * MAX_ROWS + first + t) * MAX_ROWS + first + j].x, solved[j], d);
      }
      solved[t] = d;
      if (t <= lane) { o = fma(grams[grams_of + first + t].y, d, o); }
    }
    if (token < rows) {
      deltas[token * COLUMNS + own] = solved[lane];
      out[(token * HV + h) * D + v] = o * SCALE;
    }
  }

  // δ_j becomes exp(G_T − G_j)·δ_j, with g summed from the end: no difference of large sums.
  workgroupBarrier();
  var rest = 0.0;
  for (var back = 0u; back < rows; back++) {
    let t = rows - 1u - back;
    if (t % LANES == lane) { deltas[t * COLUMNS + own] *= exp(rest); }
    rest += gates[((step.position + t) % RING) * HV + h].x;
  }
  workgroupBarrier();
  let decay = exp(sum_g);
  for (var i = 0u; i < OWN; i++) { state[i] *= decay; }
  for (var t = 0u; t < rows; t++) {
    let delta = vec4f(deltas[t * COLUMNS + own]);
    for (var i = 0u; i < OWN; i++) { state[i] = fma(mixed[t * (C / 4u) + k0 + i * LANES], delta, state[i]); }
  }
  for (var i = 0u; i < OWN; i++) { slots[after + i * LANES] = state[i]; }
}
