// draw: joins the chunks' candidates, writes the record that goes home, and makes the step state of the next pass:
// one row, the token drawn. After an id that ends generation, or with the budget spent, rows becomes 0, so passes that
// were submitted ahead do nothing.
// 0 logits    [V, 1]      read
// 1 partials  [CHUNKS]    read
// 2 sampling              read
// 3 step                  read_write
// 4 record    [4]         read_write   drawn (0 or 1), token, its position, bits of its log-probability
// Dispatch (1), workgroup 256.
@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> partials: array<Candidate>;
@group(0) @binding(2) var<storage, read> sampling: Sampling;
@group(0) @binding(3) var<storage, read_write> step: StepState;
@group(0) @binding(4) var<storage, read_write> record: array<u32, 4>;

var<workgroup> best: array<Candidate, 256>;

fn joined(a: Candidate, b: Candidate) -> Candidate {
  let m = max(a.highest, b.highest);
  let mass = a.mass * exp(a.highest - m) + b.mass * exp(b.highest - m);
  if (b.key > a.key || (b.key == a.key && b.id < a.id)) { return Candidate(b.key, b.id, m, mass); }
  return Candidate(a.key, a.id, m, mass);
}

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) local: u32) {
  var mine = Candidate(-3.0e38, 0xffffffffu, -3.0e38, 0.0);
  for (var c = local; c < CHUNKS; c += 256u) { mine = joined(mine, partials[c]); }
  best[local] = mine;
  for (var reach = 128u; reach > 0u; reach /= 2u) {
    workgroupBarrier();
    if (local < reach) { best[local] = joined(best[local], best[local + reach]); }
  }
  if (local > 0u) { return; }
  if (step.rows == 0u) {
    record[0] = 0u;
    return;
  }
  let token = best[0].id;
  let position = step.position + step.rows;
  record[0] = 1u;
  record[1] = token;
  record[2] = position;
  record[3] = bitcast<u32>(logits[min(token, V - 1u)] - best[0].highest - log(best[0].mass));
  var stop = token >= V;
  for (var i = 0u; i < min(sampling.end_count, 16u); i++) { stop = stop || sampling.end_ids[i] == token; }
  step.budget -= min(step.budget, 1u);
  stop = stop || step.budget == 0u;
  step.position = position;
  step.slot = 0u;
  step.tokens[0] = token;
  step.rows = select(1u, 0u, stop);
}
