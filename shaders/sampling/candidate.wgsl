// The best token of a part of the vocabulary, and that part of the normaliser Σ exp(x) = mass·exp(highest).
struct Candidate { key: f32, id: u32, logit: f32, highest: f32, mass: f32 }

const no_candidate = Candidate(-3.0e38, 0xffffffffu, -3.0e38, -3.0e38, 0.0);

// Of equal keys the lower id wins.
fn joined(a: Candidate, b: Candidate) -> Candidate {
  let m = max(a.highest, b.highest);
  let mass = a.mass * exp(a.highest - m) + b.mass * exp(b.highest - m);
  if (b.key > a.key || (b.key == a.key && b.id < a.id)) { return Candidate(b.key, b.id, b.logit, m, mass); }
  return Candidate(a.key, a.id, a.logit, m, mass);
}
