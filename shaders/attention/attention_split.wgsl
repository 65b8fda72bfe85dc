// attention_split (NETWORK.md 3.2): the queries of one KV head over the positions of one split, s·SPLIT … (s + 1)·SPLIT − 1, as
// far as they are not after a query's row:
//   a_p = q·k_p,  m = max a_p,  e_p = exp((a_p − m)/√D),  l = Σ e_p,  o = Σ e_p·v_p
// in chunks of CHUNK positions: where one brings a higher m', l and o are first multiplied by exp((m − m')/√D).
// Query j = t·GROUP + g of KV head h is row t's query head h·GROUP + g. A workgroup takes QUERIES of them, so that keys and
// values are read once for all query heads of several rows.
// Order (I3): a_p by fma over the dims in turn; o by fma over p in turn; l in four sums, over p mod 4, by p in turn, and their
// tree. Splits and chunks lie at fixed positions, and positions that others see add zeros: nothing depends on QUERIES or on
// the rows beside it.
// 0 q         [D, HQ, T]              read
// 1 keys      [D, HKV, ctx]           read         quads of kv_*.wgsl
// 2 values    [D, HKV, ctx]           read
// 3 partials  [D + 4, SPLITS, HQ, T]  read_write   o, then m/√D, l, 0, 0
// 4 step                              read
// Dispatch (splits in use, HKV, GROUP·T / QUERIES), workgroup WORKGROUP. QUERIES is a power of two, at most 16.
@group(0) @binding(0) var<storage, read> q: array<vec4f>;
@group(0) @binding(1) var<storage, read> keys: array<Quad>;
@group(0) @binding(2) var<storage, read> values: array<Quad>;
@group(0) @binding(3) var<storage, read_write> partials: array<vec4f>;
@group(0) @binding(4) var<storage, read> step: StepState;

const QUADS = D / 4u;
const GROUP = HQ / HKV;
const CHUNK = WORKGROUP;
const LOWEST = -3.0e38; // finite: WGSL may assume that there is no infinity
// To score, an invocation takes TILE queries at FAR positions, NEAR apart.
const TILE = min(QUERIES, 4u);
const FAR = QUERIES / TILE;
const NEAR = WORKGROUP / FAR;
// To add values, an invocation takes a quad for SHARE queries: narrow heads leave invocations for SHARES of them.
const SHARES = min(QUERIES, select(select(select(1u, 2u, QUADS <= 32u), 4u, QUADS <= 16u), 8u, QUADS <= 8u));
const SHARE = QUERIES / SHARES;

var<workgroup> weight: array<f32, CHUNK * QUERIES>; // [QUERIES, CHUNK] a, then e
var<workgroup> part: array<f32, 4u * QUERIES>;      // [4, QUERIES] highest a, and at the end l, of the positions p mod 4
var<workgroup> most: array<f32, QUERIES>;           // m
var<workgroup> scale: array<f32, QUERIES>;          // of l and o, for a chunk's m'

// exp((a − m)/√D), and exactly 1 where a = m, which exp alone does not promise. No product is subtracted from: as an fma it
// would round otherwise, in one kernel and not in another.
fn shrunk(a: f32, m: f32) -> f32 { return select(exp((a - m) * SCALE), 1.0, a == m); }

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) local: u32) {
  let start = wg.x * SPLIT;
  let first = wg.z * QUERIES;
  if (first >= step.rows * GROUP) { return; }
  let live = min(QUERIES, step.rows * GROUP - first);
  let held = arrayLength(&keys) / (HKV * QUADS);
  let position = min(step.position, held - 1u);
  let end = min(position + (first + live - 1u) / GROUP + 1u, held); // behind what the last query sees
  if (start >= end) { return; }
  let count = min(SPLIT, end - start);

  let near = local % NEAR;
  let mine = local / NEAR * TILE;
  var source = array<u32, TILE>();
  var seen = array<u32, TILE>(); // positions of the split that a query sees
  for (var j = 0u; j < TILE; j++) {
    let query = first + min(mine + j, live - 1u);
    let t = query / GROUP;
    source[j] = (t * HQ + wg.y * GROUP + query % GROUP) * QUADS;
    seen[j] = max(position + t + 1u, start) - start;
  }
  let quad = local % QUADS;
  let share = local / QUADS * SHARE; // the first of its queries
  var o = array<vec4f, SHARE>();
  let sums = local < 4u * QUERIES; // of query local / 4
  var highest = LOWEST;
  var mass = 0.0;
  var m = LOWEST; // of query `local`

  for (var base = 0u; base < count; base += CHUNK) {
    let here = min(CHUNK, count - base);
    var key = array<u32, FAR>();
    for (var i = 0u; i < FAR; i++) {
      key[i] = ((start + base + min(near + i * NEAR, here - 1u)) * HKV + wg.y) * QUADS;
    }
    var a = array<array<f32, TILE>, FAR>();
    for (var d = 0u; d < trips(QUADS); d++) {
      var u = array<vec4f, TILE>();
      for (var j = 0u; j < TILE; j++) { u[j] = q[source[j] + d]; }
      for (var i = 0u; i < FAR; i++) {
        let k = unpack_quad(keys[key[i] + d]);
        for (var j = 0u; j < TILE; j++) {
          a[i][j] = fma(u[j].w, k.w, fma(u[j].z, k.z, fma(u[j].y, k.y, fma(u[j].x, k.x, a[i][j]))));
        }
      }
    }
    for (var i = 0u; i < FAR; i++) {
      let p = near + i * NEAR;
      for (var j = 0u; j < TILE; j++) {
        weight[p * QUERIES + mine + j] = select(LOWEST, a[i][j], base + p < seen[j]);
      }
    }
    workgroupBarrier();
    if (sums) {
      for (var i = 0u; i < trips(CHUNK / 4u); i++) {
        highest = max(highest, weight[(4u * i + local % 4u) * QUERIES + local / 4u]);
      }
      part[local] = highest;
    }
    workgroupBarrier();
    if (local < QUERIES) {
      let now = max(max(part[4u * local], part[4u * local + 1u]), max(part[4u * local + 2u], part[4u * local + 3u]));
      scale[local] = shrunk(m, now);
      most[local] = now;
      m = now;
    }
    workgroupBarrier();
    for (var j = 0u; j < TILE; j++) {
      let now = most[mine + j];
      for (var i = 0u; i < FAR; i++) {
        let p = near + i * NEAR;
        weight[p * QUERIES + mine + j] = select(0.0, shrunk(a[i][j], now), base + p < seen[j]);
      }
    }
    workgroupBarrier();
    if (sums) {
      var sum = 0.0;
      for (var i = 0u; i < trips(CHUNK / 4u); i++) { sum += weight[(4u * i + local % 4u) * QUERIES + local / 4u]; }
      mass = fma(mass, scale[local / 4u], sum);
    }
    if (share < QUERIES) {
      for (var s = 0u; s < SHARE; s++) { o[s] *= scale[share + s]; }
      for (var p = 0u; p < here; p++) {
        let v = unpack_quad(values[((start + base + p) * HKV + wg.y) * QUADS + quad]);
        for (var s = 0u; s < SHARE; s++) { o[s] = fma(vec4f(weight[p * QUERIES + share + s]), v, o[s]); }
      }
    }
    workgroupBarrier();
  }

  if (sums) { part[local] = mass; }
  workgroupBarrier();
  for (var s = 0u; s < SHARE; s++) {
    let query = first + share + s;
    let t = query / GROUP;
    if (share + s < live && start <= position + t) {
      let dest = ((t * HQ + wg.y * GROUP + query % GROUP) * SPLITS + wg.x) * (QUADS + 1u);
      partials[dest + quad] = o[s];
      if (quad == 0u) {
        let at = 4u * (share + s);
        let l = (part[at] + part[at + 1u]) + (part[at + 2u] + part[at + 3u]);
        partials[dest + QUADS] = vec4f(most[share + s] * SCALE, l, 0.0, 0.0);
      }
    }
  }
}
