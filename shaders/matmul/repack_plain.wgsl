// The bytes of a block stay in their order.
fn body_word(body: u32, i: u32) -> u32 { return word_at(body + 4u * i); }
