// A product decodes a group of Q6_K half by half, in a loop that compilers cannot unroll (see `trips`): they would read the
// words of all 32 weights first, and with the sums of 16 rows these leave AMD's GPUs 3 waves of 64 a SIMD, or 2.
const PIECES = 2u;
fn piece_trips() -> u32 { return 2u * min(1u, step.rows + step.replay); }
fn next_piece(h: Header) -> Header { return Header(h.low + 2u, h.high + 1u, h.sc.yx); }
