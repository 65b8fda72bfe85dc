// attention_prepare (NETWORK.md 3.2, 3.3): from the joint projection of row t at position p
//   q_h = rope(shaped(q_h)),  k_j = rope(shaped(k_j)) → cache,  shaped(v_j) → cache
//   shaped: attention_norm.wgsl, attention_bias.wgsl or attention_plain.wgsl, which bring bindings 1 and 2.
//   rope rotates dims (i, i + ROT/2), or (2i, 2i + 1) if NEIGHBOURS, i < ROT/2, by the table's angle at p; the other dims
//   pass through.
// 0 proj    [STRIDE, T]       read         per head q D, or [q D | gate D] if GATED; then k D · HKV, then v D · HKV
// 3 rope    [2, ROT/2, ctx]   read         cos, sin
// 4 q       [D, HQ, T]        read_write
// 5 keys    [D, HKV, ctx]     read_write   quads of kv_*.wgsl
// 6 values  [D, HKV, ctx]     read_write
// 7 step                      read
// Dispatch (HQ + 2·HKV, T), workgroup D/4: an invocation owns four neighbouring dims.
@group(0) @binding(0) var<storage, read> proj: array<vec4f>;
@group(0) @binding(3) var<storage, read> rope: array<vec2f>;
@group(0) @binding(4) var<storage, read_write> q: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> keys: array<Quad>;
@group(0) @binding(6) var<storage, read_write> values: array<Quad>;
@group(0) @binding(7) var<storage, read> step: StepState;

const QUADS = D / 4u;
const QUERY = select(1u, 2u, GATED); // heads of the projection for each query head
var<workgroup> whole: array<vec4f, QUADS>;

@compute @workgroup_size(QUADS)
fn main(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) local: u32) {
  let t = wg.y;
  if (t >= step.rows) { return; }
  let position = min(step.position + t, arrayLength(&keys) / (HKV * QUADS) - 1u);
  let head = select(QUERY * HQ + (wg.x - HQ), QUERY * wg.x, wg.x < HQ);
  let at = head * QUADS + local;
  let mine = shaped(proj[t * (STRIDE / 4u) + at], wg.x, at, local);
  if (wg.x >= HQ + HKV) {
    values[(position * HKV + wg.x - HQ - HKV) * QUADS + local] = pack_quad(mine);
    return;
  }
  whole[local] = mine;
  workgroupBarrier();
  var turned = mine;
  let half = ROT / 8u; // quads in half of the rotated dims
  if (NEIGHBOURS) {
    if (local < 2u * half) {
      let low = rope[position * (ROT / 2u) + 2u * local];
      let high = rope[position * (ROT / 2u) + 2u * local + 1u];
      let cosines = vec4f(low.xx, high.xx);
      let sines = vec4f(-low.y, low.y, -high.y, high.y);
      turned = fma(mine.yxwz, sines, mine * cosines);
    }
  } else if (local < 2u * half) {
    let first = local < half;
    let pair = select(local - half, local, first);
    let other = whole[select(pair, pair + half, first)];
    for (var c = 0u; c < 4u; c++) {
      let cs = rope[position * (ROT / 2u) + 4u * pair + c];
      turned[c] = select(fma(other[c], cs.y, mine[c] * cs.x), fma(-other[c], cs.y, mine[c] * cs.x), first);
    }
  }
  if (wg.x < HQ) {
    q[(t * HQ + wg.x) * QUADS + local] = turned;
  } else {
    keys[(position * HKV + wg.x - HQ) * QUADS + local] = pack_quad(turned);
  }
}
