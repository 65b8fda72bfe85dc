// The non-linear values of IQ4_NL and IQ4_XS, looked up for the low nibbles of a word's four bytes.
const T = array<f32, 16>(-127.0, -104.0, -83.0, -65.0, -49.0, -35.0, -22.0, -10.0, 1.0, 13.0, 25.0, 38.0, 53.0, 69.0, 89.0, 113.0);

fn look_up(q: u32) -> vec4f { return vec4f(T[q & 15u], T[(q >> 8u) & 15u], T[(q >> 16u) & 15u], T[(q >> 24u) & 15u]); }
