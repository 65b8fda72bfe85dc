// expert_group: turns the picks around, so that an expert's weights are read once for all rows that go to it. A pair is a row
// with one of its experts, number t·USED + j.
//   groups_s = (expert, its first place in `pairs`, its number of pairs) of the s-th expert that any row goes to
// Order: experts ascending; the pairs of an expert ascending.
// 0 picks   [USED, T]         read         expert, bits of its weight
// 1 groups  [SLOTS]           read_write   no pairs: nothing to do
// 2 pairs   [USED · T]        read_write
// 3 step                      read
// Dispatch (1), workgroup WORKGROUP. SLOTS = min(COUNT, USED · rows of the plan).
@group(0) @binding(0) var<storage, read> picks: array<vec2u>;
@group(0) @binding(1) var<storage, read_write> groups: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> pairs: array<u32>;
@group(0) @binding(3) var<storage, read> step: StepState;

var<workgroup> counts: array<u32, COUNT>;
var<workgroup> slot_of: array<u32, WORKGROUP>;
var<workgroup> first_of: array<u32, WORKGROUP>;

const SHARE = (COUNT + WORKGROUP - 1u) / WORKGROUP; // neighbouring experts of an invocation

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(local_invocation_index) local: u32) {
  let total = pass_rows() * USED;
  let from_expert = min(local * SHARE, COUNT);
  let to_expert = min(from_expert + SHARE, COUNT);
  for (var e = from_expert; e < to_expert; e++) { counts[e] = 0u; }
  for (var i = 0u; i < total; i++) {
    let e = picks[i].x;
    if (e >= from_expert && e < to_expert) { counts[e] += 1u; }
  }
  var slots = 0u;
  var first = 0u;
  for (var e = from_expert; e < to_expert; e++) {
    slots += min(counts[e], 1u);
    first += counts[e];
  }
  slot_of[local] = slots;
  first_of[local] = first;
  workgroupBarrier();
  var slot = 0u;
  var place = 0u;
  var distinct = 0u;
  for (var i = 0u; i < WORKGROUP; i++) {
    if (i < local) {
      slot += slot_of[i];
      place += first_of[i];
    }
    distinct += slot_of[i];
  }
  for (var e = from_expert; e < to_expert; e++) {
    if (counts[e] == 0u) { continue; }
    groups[slot] = vec4u(e, place, counts[e], 0u);
    slot++;
    for (var i = 0u; i < total; i++) {
      if (picks[i].x != e) { continue; }
      pairs[place] = i;
      place++;
    }
  }
  for (var s = distinct + local; s < SLOTS; s += WORKGROUP) { groups[s] = vec4u(); }
}
