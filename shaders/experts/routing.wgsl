// Where the rows of a pass go (expert_route.wgsl writes it; engine/model/workspace.ts knows its size). A pair is a row with one of its
// experts, number t·USED + j.
const MOST_PAIRS = USED * MAX_ROWS;

struct Routing {
  groups: array<vec4u, min(COUNT, MOST_PAIRS)>,  // of each expert in use: (expert, its first place in `pairs`, its number of pairs)
  picks: array<array<vec2u, USED + 1u>, MAX_ROWS>, // of each row: expert, bits of its weight; last the shared expert's weight
  pairs: array<u32, MOST_PAIRS>,                 // by expert
  distinct: u32,                                 // experts in use
}
