// draft: one link of the MTP chain. Joins the candidates of the head into draft d_i with confidence p_i, and either
// takes it, as row i + 1 of the coming pass and as the chain's next input, or ends the chain:
//   reach_i = Π_{j ≤ i} acceptance(p_j);  taken while reach_i ≥ cut_i and i < min(most, budget − 1)
// A draft that is not taken is not verified. When the first `agree` drafts equal `tail`, the rest of the tail is taken
// too, and the chain ends.
// 0 partials    [CHUNKS]  read
// 1 ids         [V]       read         id of each row of the head
// 2 settings              read
// 3 step                  read_write   of the coming pass
// 4 mtp                   read_write   step state of the MTP block; rows = 0 ends the chain
// 5 confidence  [MAX_ROWS] read_write
// Dispatch (1), workgroup WORKGROUP.
@group(0) @binding(0) var<storage, read> partials: array<Candidate>;
@group(0) @binding(1) var<storage, read> ids: array<u32>;
@group(0) @binding(2) var<storage, read> settings: DraftSettings;
@group(0) @binding(3) var<storage, read_write> step: StepState;
@group(0) @binding(4) var<storage, read_write> mtp: StepState;
@group(0) @binding(5) var<storage, read_write> confidence: array<f32, MAX_ROWS>;

var<workgroup> best: array<Candidate, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(local_invocation_index) local: u32) {
  var mine = no_candidate;
  for (var c = local; c < CHUNKS; c += WORKGROUP) { mine = joined(mine, partials[c]); }
  best[local] = mine;
  for (var reach = WORKGROUP / 2u; reach > 0u; reach /= 2u) {
    workgroupBarrier();
    if (local < reach) { best[local] = joined(best[local], best[local + reach]); }
  }
  if (local > 0u || mtp.rows == 0u) { return; }
  let i = step.rows - 1u;
  let p = exp(best[0].logit - best[0].highest) / best[0].mass;
  mtp.rows = 0u;
  if (i >= min(min(settings.most, MAX_ROWS - 1u), max(step.budget, 1u) - 1u) || !(p > 0.0)) { return; }
  confidence[i] = p;
  var reach = 1.0;
  for (var j = 0u; j <= i; j++) { reach *= settings.acceptance[min(u32(confidence[j] * f32(BUCKETS)), BUCKETS - 1u)]; }
  if (reach < settings.cut[i]) { return; }
  step.tokens[i + 1u] = ids[min(best[0].id, V - 1u)];
  step.rows = i + 2u;

  let most = min(MAX_ROWS - 1u, max(step.budget, 1u) - 1u);
  if (i + 1u == settings.agree) {
    var agrees = true;
    for (var j = 0u; j <= i; j++) { agrees = agrees && step.tokens[j + 1u] == settings.tail[j]; }
    if (agrees) {
      for (var j = i + 1u; j < min(settings.tail_count, most); j++) {
        step.tokens[j + 1u] = settings.tail[j];
        confidence[j] = settings.tail_confidence[j];
        step.rows = j + 2u;
      }
      return;
    }
  }
  mtp.tokens[0] = step.tokens[i + 1u];
  mtp.position = step.position + i + 1u;
  mtp.rows = select(0u, 1u, i + 1u < min(settings.most, most));
}
