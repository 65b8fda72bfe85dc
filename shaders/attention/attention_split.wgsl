// attention_split (NETWORK.md 3.2): row t's query head h over the positions of one split, s·SPLIT … (s + 1)·SPLIT − 1,
// as far as they are not after the row:
//   a_p = q·k_p / √D,  m = max a_p,  l = Σ exp(a_p − m),  o = Σ exp(a_p − m)·v_p
// Splits lie at fixed positions, so a row's sums do not depend on the rows beside it (I3). Order: position p belongs to
// lane p mod WORKGROUP; trees over the lanes; o by fma over p in turn.
// 0 q         [D, HQ, T]              read
// 1 keys      [D, HKV, ctx]           read         quads of kv_*.wgsl
// 2 values    [D, HKV, ctx]           read
// 3 partials  [D + 4, SPLITS, HQ, T]  read_write   o, then m, l, 0, 0
// 4 step                              read
// Dispatch (splits in use, HQ, T), workgroup WORKGROUP. Query head h reads KV head h div (HQ/HKV).
@group(0) @binding(0) var<storage, read> q: array<vec4f>;
@group(0) @binding(1) var<storage, read> keys: array<Quad>;
@group(0) @binding(2) var<storage, read> values: array<Quad>;
@group(0) @binding(3) var<storage, read_write> partials: array<vec4f>;
@group(0) @binding(4) var<storage, read> step: StepState;

const QUADS = D / 4u;
var<workgroup> weight: array<f32, SPLIT>;
var<workgroup> lanes: array<f32, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) local: u32) {
  let t = wg.z;
  let start = wg.x * SPLIT;
  if (t >= step.rows || start > step.position + t) { return; }
  let count = min(SPLIT, step.position + t - start + 1u);
  let head = wg.y / (HQ / HKV);
  let query = (t * HQ + wg.y) * QUADS;

  var highest = -3.0e38; // finite: WGSL may assume that there is no infinity
  for (var p = local; p < count; p += WORKGROUP) {
    let at = ((start + p) * HKV + head) * QUADS;
    var sum = vec4f();
    for (var i = 0u; i < trips(QUADS); i++) { sum = fma(q[query + i], unpack_quad(keys[at + i]), sum); }
    let score = ((sum.x + sum.y) + (sum.z + sum.w)) * SCALE;
    weight[p] = score;
    highest = max(highest, score);
  }
  lanes[local] = highest;
  for (var reach = WORKGROUP / 2u; reach > 0u; reach /= 2u) {
    workgroupBarrier();
    if (local < reach) { lanes[local] = max(lanes[local], lanes[local + reach]); }
  }
  workgroupBarrier();
  let m = lanes[0];
  workgroupBarrier();

  var mass = 0.0;
  for (var p = local; p < count; p += WORKGROUP) {
    let e = exp(weight[p] - m);
    weight[p] = e;
    mass += e;
  }
  lanes[local] = mass;
  for (var reach = WORKGROUP / 2u; reach > 0u; reach /= 2u) {
    workgroupBarrier();
    if (local < reach) { lanes[local] += lanes[local + reach]; }
  }
  workgroupBarrier();

  let dest = ((t * HQ + wg.y) * SPLITS + wg.x) * (QUADS + 1u);
  for (var i = local; i < QUADS; i += WORKGROUP) {
    var sum = vec4f();
    for (var p = 0u; p < count; p++) {
      sum = fma(vec4f(weight[p]), unpack_quad(values[((start + p) * HKV + head) * QUADS + i]), sum);
    }
    partials[dest + i] = sum;
  }
  if (local == 0u) { partials[dest + QUADS] = vec4f(m, lanes[0], 0.0, 0.0); }
}
