// vocabulary_filter: the lowest logit that top-k, top-p and min-p leave, for each row of logits. Each filter keeps a
// head of the sorted logits, so each is a threshold, and together they are the highest of three:
//   top-k: the k-th largest logit
//   top-p: the largest threshold whose kept share of the mass left by top-k is at least p
//   min-p: max + ln p
// As in llama.cpp's default chain, the filters see probabilities before the temperature. Logits equal to the threshold
// are all kept. Thresholds are found exactly, eight bits at a time, in histograms of order-preserving keys; mass is
// counted in units of 2⁻³⁰ of the total, since integer sums have no order.
// 0 logits     [V, T − FIRST]   read
// 1 sampling                    read
// 2 threshold  [T]              read_write
// 3 step                        read
// Dispatch (1, T − FIRST), workgroup WIDE.
@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> sampling: Sampling;
@group(0) @binding(2) var<storage, read_write> threshold: array<f32>;
@group(0) @binding(3) var<storage, read> step: StepState;

var<workgroup> lanes: array<f32, WIDE>;
var<workgroup> bins: array<atomic<u32>, WIDE>; // by eight bits of a key: WIDE is 256
var<workgroup> prefix: u32;   // digits of the threshold's key found so far
var<workgroup> wanted: u32;   // what the digits below must still hold

fn key_of(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  return select(bits ^ 0x80000000u, ~bits, bits >= 0x80000000u);
}
fn value_of(key: u32) -> f32 {
  return bitcast<f32>(select(~key, key ^ 0x80000000u, key >= 0x80000000u));
}

// Finds the largest key at which the weights of all logits with that key or a larger one reach `target`.
// Weight: 1, or with BY_MASS the share of the mass, of the logits not below `floor`.
fn select_key(local: u32, start: u32, goal: u32, floor: f32, by_mass: bool, highest: f32, total: f32) -> u32 {
  if (local == 0u) { prefix = 0u; wanted = goal; }
  for (var digit = 0u; digit < 4u; digit++) {
    let shift = 24u - 8u * digit;
    atomicStore(&bins[local], 0u);
    workgroupBarrier();
    // All invocations iterate equally often: FXC takes a barrier for divergent in a loop with a loop that is not so.
    for (var base = 0u; base < V; base += WIDE) {
      let i = base + local;
      if (i < V) {
        let x = logits[start + i];
        let key = key_of(x);
        let same = digit == 0u || (key >> (shift + 8u)) == (prefix >> (shift + 8u));
        if (same && x >= floor) {
          var weight = 1u;
          if (by_mass) { weight = u32(exp(x - highest) / total * 1073741824.0); }
          atomicAdd(&bins[(key >> shift) & 255u], weight);
        }
      }
    }
    workgroupBarrier();
    if (local == 0u) {
      var bin = 255u;
      loop {
        let held = atomicLoad(&bins[bin]);
        if (held >= wanted || bin == 0u) { break; }
        wanted -= held;
        bin--;
      }
      prefix |= bin << shift;
    }
    workgroupBarrier();
  }
  let found = prefix;
  workgroupBarrier();
  return found;
}

@compute @workgroup_size(WIDE)
fn main(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) local: u32) {
  let row = FIRST + wg.y;
  if (row >= step.rows) { return; }
  let start = wg.y * V;
  var highest = -3.0e38;
  for (var i = local; i < V; i += WIDE) { highest = max(highest, logits[start + i]); }
  lanes[local] = highest;
  for (var reach = WIDE / 2u; reach > 0u; reach /= 2u) {
    workgroupBarrier();
    if (local < reach) { lanes[local] = max(lanes[local], lanes[local + reach]); }
  }
  workgroupBarrier();
  highest = lanes[0];
  workgroupBarrier();

  var floor = -3.0e38;
  if (sampling.top_k > 0u) {
    floor = value_of(select_key(local, start, min(sampling.top_k, V), floor, false, highest, 1.0));
  }
  if (sampling.top_p < 1.0) {
    var mass = 0.0;
    for (var i = local; i < V; i += WIDE) {
      if (logits[start + i] >= floor) { mass += exp(logits[start + i] - highest); }
    }
    lanes[local] = mass;
    for (var reach = WIDE / 2u; reach > 0u; reach /= 2u) {
      workgroupBarrier();
      if (local < reach) { lanes[local] += lanes[local + reach]; }
    }
    workgroupBarrier();
    let total = lanes[0];
    workgroupBarrier();
    let goal = max(1u, u32(sampling.top_p * 1073741824.0));
    floor = max(floor, value_of(select_key(local, start, goal, floor, true, highest, total)));
  }
  if (sampling.min_p > 0.0) { floor = max(floor, highest + log(sampling.min_p)); }
  if (local == 0u) { threshold[row] = floor; }
}
