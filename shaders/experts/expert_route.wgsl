// expert_route (NETWORK.md 3.7): the experts that row t goes to, and their weights
//   p = softmax(l) over all experts;  e_0, e_1, … the USED likeliest, of equals the first;  w_j = p_{e_j} / max(Σ p_{e_i}, 2⁻¹⁴)
// and the weight of the shared expert, sigmoid(s). Then it turns the picks around, so that an expert's weights are read once for all
// rows that go to it.
// With PICKS the first, with GROUPS the second; a narrow pass does both in one workgroup.
// Order: expert e belongs to lane e mod WORKGROUP of the row's team; trees over the lanes; Σ p_{e_i} in order of j. Groups are
// by expert, ascending, and so are the pairs of each.
// 0 logits   [STRIDE, T]   read         the first COUNT of a row are the experts'; then, with SHARED, s
// 1 routing                read_write   see routing.wgsl
// 2 step                   read
// Dispatch (1, T) without GROUPS, else (1); workgroup TEAMS·WORKGROUP, each team of WORKGROUP lanes with a row of its own.
@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read_write> routing: Routing;
@group(0) @binding(2) var<storage, read> step: StepState;

const SIZE = TEAMS * WORKGROUP;
var<workgroup> p: array<array<f32, select(1u, COUNT, PICKS)>, TEAMS>; // −1 once picked
var<workgroup> best: array<f32, SIZE>;
var<workgroup> place: array<u32, SIZE>;
var<workgroup> expert_of: array<u32, PAIRS>;
var<workgroup> leads: array<u32, PAIRS>; // 1: no pair before it has its expert

// Row t, where there is one: each team calls it equally often, since all wait for each other.
fn pick(t: u32, local: u32) {
  let team = local / WORKGROUP;
  let lane = local % WORKGROUP;
  let top_lane = team * WORKGROUP;
  let row = min(t, step.rows - 1u) * STRIDE;
  var highest = -3.0e38; // finite: WGSL may assume that there is no infinity
  // All invocations iterate equally often here and below: else FXC takes the barriers for divergent.
  for (var base = 0u; base < COUNT; base += WORKGROUP) {
    let e = base + lane;
    if (e < COUNT) { highest = max(highest, logits[row + e]); }
  }
  workgroupBarrier();
  best[local] = highest;
  for (var reach = trips(WORKGROUP / 2u); reach > 0u; reach /= 2u) {
    workgroupBarrier();
    if (lane < reach) { best[local] = max(best[local], best[local + reach]); }
  }
  workgroupBarrier();
  let top = best[top_lane];
  workgroupBarrier();
  var sum = 0.0;
  for (var base = 0u; base < COUNT; base += WORKGROUP) {
    let e = base + lane;
    if (e < COUNT) {
      let weight = exp(logits[row + e] - top);
      p[team][e] = weight;
      sum += weight;
    }
  }
  best[local] = sum;
  for (var reach = trips(WORKGROUP / 2u); reach > 0u; reach /= 2u) {
    workgroupBarrier();
    if (lane < reach) { best[local] += best[local + reach]; }
  }
  workgroupBarrier();
  let all = best[top_lane];

  var mine = array<vec2u, USED>();
  var chosen = 0.0;
  for (var j = 0u; j < trips(USED); j++) {
    workgroupBarrier();
    var candidate = -1.0;
    var at = lane;
    for (var base = 0u; base < COUNT; base += WORKGROUP) {
      let e = base + lane;
      if (e < COUNT) {
        if (p[team][e] > candidate) { candidate = p[team][e]; at = e; }
      }
    }
    best[local] = candidate;
    place[local] = at;
    for (var reach = trips(WORKGROUP / 2u); reach > 0u; reach /= 2u) {
      workgroupBarrier();
      if (lane < reach) {
        let other = best[local + reach];
        let first = place[local + reach] < place[local];
        if (other > best[local] || (other == best[local] && first)) {
          best[local] = other;
          place[local] = place[local + reach];
        }
      }
    }
    workgroupBarrier();
    let share = best[top_lane] / all;
    mine[j] = vec2u(place[top_lane], bitcast<u32>(share));
    chosen += share;
    if (lane == 0u) { p[team][place[local]] = -1.0; }
  }
  if (lane == 0u && t < step.rows) {
    for (var j = 0u; j < USED; j++) {
      let weight = bitcast<f32>(mine[j].y) / max(chosen, 6.103515625e-5);
      routing.picks[t][j] = vec2u(mine[j].x, bitcast<u32>(weight));
    }
    if (SHARED) {
      let gate = 1.0 / (1.0 + exp(min(-logits[row + STRIDE - 1u], 80.0)));
      routing.picks[t][USED] = vec2u(COUNT, bitcast<u32>(gate));
    }
  }
}

// Each pair finds its own place by looking at all others.
fn group(local: u32) {
  let total = min(step.rows, PAIRS / USED) * USED;
  for (var i = local; i < total; i += SIZE) { expert_of[i] = routing.picks[i / USED][i % USED].x; }
  workgroupBarrier();
  for (var i = local; i < total; i += SIZE) {
    var first = 1u;
    for (var k = 0u; k < i; k++) { first = min(first, u32(expert_of[k] != expert_of[i])); }
    leads[i] = first;
  }
  workgroupBarrier();
  for (var i = local; i < total; i += SIZE) {
    let expert = expert_of[i];
    var at = 0u;
    var slot = 0u;
    var count = 0u;
    for (var k = 0u; k < total; k++) {
      let other = expert_of[k];
      at += u32(other < expert || (other == expert && k < i));
      slot += select(0u, leads[k], other < expert);
      count += u32(other == expert);
    }
    routing.pairs[at] = i;
    if (leads[i] == 1u) { routing.groups[slot] = vec4u(expert, at, count, 0u); }
    if (at == total - 1u) { routing.distinct = slot + 1u; }
  }
}

@compute @workgroup_size(SIZE)
fn main(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) local: u32) {
  if (wg.y >= step.rows) { return; }
  if (PICKS) {
    for (var done = 0u; done < trips(ROUNDS); done++) { pick(wg.y + done * TEAMS + local / WORKGROUP, local); }
  }
  if (GROUPS) {
    storageBarrier();
    group(local);
  }
}
