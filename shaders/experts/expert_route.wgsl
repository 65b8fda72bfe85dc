// expert_route (NETWORK.md 3.7): the experts that row t goes to, and their weights
//   p = softmax(l) over all experts;  e_0, e_1, … the USED likeliest, of equals the first;  w_j = p_{e_j} / max(Σ p_{e_i}, 2⁻¹⁴)
// Order: expert e belongs to lane e mod WORKGROUP; trees over the lanes; Σ p_{e_i} in order of j.
// 0 logits  [STRIDE, T]   read         the first COUNT of a row are the experts'
// 1 picks   [USED, T]     read_write   expert, bits of its weight
// 2 step                  read
// Dispatch (1, T), workgroup WORKGROUP.
@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read_write> picks: array<vec2u>;
@group(0) @binding(2) var<storage, read> step: StepState;

var<workgroup> p: array<f32, COUNT>; // −1 once picked
var<workgroup> best: array<f32, WORKGROUP>;
var<workgroup> place: array<u32, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) local: u32) {
  let t = wg.y;
  if (t >= step.rows) { return; }
  var highest = -3.0e38; // finite: WGSL may assume that there is no infinity
  for (var e = local; e < COUNT; e += WORKGROUP) { highest = max(highest, logits[t * STRIDE + e]); }
  best[local] = highest;
  for (var reach = WORKGROUP / 2u; reach > 0u; reach /= 2u) {
    workgroupBarrier();
    if (local < reach) { best[local] = max(best[local], best[local + reach]); }
  }
  workgroupBarrier();
  let top = best[0];
  workgroupBarrier();
  var sum = 0.0;
  for (var e = local; e < COUNT; e += WORKGROUP) {
    let weight = exp(logits[t * STRIDE + e] - top);
    p[e] = weight;
    sum += weight;
  }
  best[local] = sum;
  for (var reach = WORKGROUP / 2u; reach > 0u; reach /= 2u) {
    workgroupBarrier();
    if (local < reach) { best[local] += best[local + reach]; }
  }
  workgroupBarrier();
  let all = best[0];

  var mine = array<f32, USED>();
  var chosen = 0.0;
  for (var j = 0u; j < USED; j++) {
    workgroupBarrier();
    var candidate = -1.0;
    var at = local;
    // All invocations iterate equally often: else FXC takes the barriers for divergent.
    for (var base = 0u; base < COUNT; base += WORKGROUP) {
      let e = base + local;
      if (e < COUNT) {
        if (p[e] > candidate) { candidate = p[e]; at = e; }
      }
    }
    best[local] = candidate;
    place[local] = at;
    for (var reach = WORKGROUP / 2u; reach > 0u; reach /= 2u) {
      workgroupBarrier();
      if (local < reach) {
        let other = best[local + reach];
        let first = place[local + reach] < place[local];
        if (other > best[local] || (other == best[local] && first)) {
          best[local] = other;
          place[local] = place[local + reach];
        }
      }
    }
    workgroupBarrier();
    mine[j] = best[0] / all;
    chosen += mine[j];
    if (local == 0u) {
      picks[t * USED + j].x = place[0];
      p[place[0]] = -1.0;
    }
  }
  if (local == 0u) {
    for (var j = 0u; j < USED; j++) { picks[t * USED + j].y = bitcast<u32>(mine[j] / max(chosen, 6.103515625e-5)); }
  }
}
