// The best token of a part of the vocabulary, and that part of the normaliser Σ exp(x) = mass·exp(highest).
struct Candidate { key: f32, id: u32, highest: f32, mass: f32 }
