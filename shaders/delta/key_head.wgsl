// The key head of value head h (NETWORK.md 3.4): h div (HV / HK) where heads are GROUPED, the value heads of one key head side by
// side, else h mod HK.
fn key_head(h: u32) -> u32 { return select(h % HK, h / (HV / HK), GROUPED); }
