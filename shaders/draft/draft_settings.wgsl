// What bounds a chain of MTP drafts (engine/model/draft_chain.ts writes it).
const BUCKETS = 16u; // of confidence, each with a rate of acceptance of its own

struct DraftSettings {
  most: u32,                             // tokens that the chain may draft
  agree: u32,                            // drafts that must equal `tail` before the rest of it is taken; 0 = no tail
  tail_count: u32,
  cut: array<f32, MAX_ROWS>,             // by depth: the least probability of being reached that is worth a row
  acceptance: array<f32, BUCKETS>,       // by bucket of confidence: how often such a draft is accepted
  tail: array<u32, MAX_ROWS>,            // what the n-grams offer
  tail_confidence: array<f32, MAX_ROWS>,
}
