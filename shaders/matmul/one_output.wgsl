// All columns of a product go to `out`.
fn diverted(t: u32, column: u32, value: f32) -> bool { return false; }
