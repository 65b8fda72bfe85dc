// attention_prepare (model.md 3.2, 3.3): from the joint projection of row t at position p
//   q_h = rope(rms(q_h)),  k_j = rope(rms(k_j)) → cache,  v_j → cache
//   rope rotates dims (i, i + ROT/2), i < ROT/2, by the table's angle at p; the other dims pass through.
// 0 proj    [STRIDE, T]       read         per head [q D | gate D] · HQ, then k D · HKV, then v D · HKV
// 1 q_norm  [D]               read
// 2 k_norm  [D]               read
// 3 rope    [2, ROT/2, ctx]   read         cos, sin
// 4 q       [D, HQ, T]        read_write
// 5 keys    [D, HKV, ctx]     read_write   quads of kv_*.wgsl
// 6 values  [D, HKV, ctx]     read_write
// 7 step                      read
// Dispatch (HQ + 2·HKV, T), workgroup D/4: an invocation owns four neighbouring dims.
@group(0) @binding(0) var<storage, read> proj: array<vec4f>;
@group(0) @binding(1) var<storage, read> q_norm: array<vec4f>;
@group(0) @binding(2) var<storage, read> k_norm: array<vec4f>;
@group(0) @binding(3) var<storage, read> rope: array<vec2f>;
@group(0) @binding(4) var<storage, read_write> q: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> keys: array<Quad>;
@group(0) @binding(6) var<storage, read_write> values: array<Quad>;
@group(0) @binding(7) var<storage, read> step: StepState;

const QUADS = D / 4u;
var<workgroup> partial: array<f32, QUADS>;
var<workgroup> normed: array<vec4f, QUADS>;

@compute @workgroup_size(QUADS)
fn main(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) local: u32) {
  let t = wg.y;
  if (t >= step.rows) { return; }
  let position = step.position + t;
  let row = t * (STRIDE / 4u);
  if (wg.x >= HQ + HKV) {
    let j = wg.x - HQ - HKV;
    values[(position * HKV + j) * QUADS + local] = pack_quad(proj[row + (2u * HQ + HKV + j) * QUADS + local]);
    return;
  }
  let is_query = wg.x < HQ;
  let head = select(2u * HQ + (wg.x - HQ), 2u * wg.x, is_query);
  let v = proj[row + head * QUADS + local];
  let squares = v * v;
  partial[local] = (squares.x + squares.y) + (squares.z + squares.w);
  for (var reach = QUADS / 2u; reach > 0u; reach /= 2u) {
    workgroupBarrier();
    if (local < reach) { partial[local] += partial[local + reach]; }
  }
  workgroupBarrier();
  let scale = 1.0 / sqrt(partial[0] / f32(D) + EPS);
  var weight = k_norm[local];
  if (is_query) { weight = q_norm[local]; }
  let mine = v * scale * weight;
  normed[local] = mine;
  workgroupBarrier();
  var turned = mine;
  let half = ROT / 8u; // quads in half of the rotated dims
  if (local < 2u * half) {
    let first = local < half;
    let pair = select(local - half, local, first);
    let other = normed[select(pair, pair + half, first)];
    for (var c = 0u; c < 4u; c++) {
      let cs = rope[position * (ROT / 2u) + 4u * pair + c];
      turned[c] = select(fma(other[c], cs.y, mine[c] * cs.x), fma(-other[c], cs.y, mine[c] * cs.x), first);
    }
  }
  if (is_query) {
    q[(t * HQ + wg.x) * QUADS + local] = turned;
  } else {
    keys[(position * HKV + wg.x - HQ) * QUADS + local] = pack_quad(turned);
  }
}
