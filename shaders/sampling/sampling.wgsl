// How tokens are sampled (engine/model/sampling.ts writes it).
const MAX_ENDS = 16u; // ids that end generation on the GPU; the reader of the records knows all of them

struct Sampling {
  seed: u32,
  top_k: u32,         // 0 = off
  temperature: f32,   // 0 = greedy
  top_p: f32,         // 1 = off
  min_p: f32,         // 0 = off
  end_count: u32,
  end_ids: array<u32, MAX_ENDS>, // ids that end generation
}
