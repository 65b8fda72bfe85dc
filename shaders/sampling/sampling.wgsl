// How tokens are drawn (engine/model/sampling.ts has the same words).
struct Sampling {
  seed: u32,
  top_k: u32,         // 0 = off
  temperature: f32,   // 0 = greedy
  top_p: f32,         // 1 = off
  min_p: f32,         // 0 = off
  end_count: u32,
  end_ids: array<u32, 16>, // ids that end generation
}
