// What bounds a chain of MTP drafts (engine/model/draft_chain.ts writes it).
const BUCKETS = 16u; // of confidence, each with its own acceptance rate

struct DraftSettings {
  most: u32,                             // tokens that the chain may draft
  agree: u32,                            // drafts that must equal `tail` before the rest of it is taken; 0 = no tail
  tail_count: u32,
  cut: array<f32, MAX_ROWS>,             // by depth: minimum cumulative acceptance probability at which another draft pays
  acceptance: array<f32, BUCKETS>,       // acceptance rate by bucket of confidence
  tail: array<u32, MAX_ROWS>,            // what the n-grams propose
  tail_confidence: array<f32, MAX_ROWS>,
}
