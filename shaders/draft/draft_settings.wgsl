// What bounds a chain of MTP drafts (engine/model/draft_chain.ts has the same words).
struct DraftSettings {
  most: u32,                      // tokens that the chain may draft
  agree: u32,                     // drafts that must equal `tail` before the rest of it is taken; 0 = no tail
  tail_count: u32,
  unused: u32,
  cut: array<f32, 64>,            // by depth: the least probability of being reached that is worth a row
  acceptance: array<f32, 16>,     // by sixteenth of confidence: how often such a draft is accepted
  tail: array<u32, 64>,           // what the n-grams offer
  tail_confidence: array<f32, 64>,
}
