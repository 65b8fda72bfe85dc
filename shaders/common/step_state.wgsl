// Most rows of a pass: a piece of a prompt between two points of the grid, or a token with its longest draft.
const MAX_ROWS = 64u;

// What a pass works on, kept on the GPU so that a step needs no round trip to the CPU (engine/model/step.ts writes it).
struct StepState {
  position: u32,                // of the pass's first row
  rows: u32,                    // rows of the pass
  slot: u32,                    // state slot that the recurrence starts from
  to: u32,                      // and the one that it leaves its state in
  replay: u32,                  // accepted rows before the first that the state lacks; replayed from the tape
  budget: u32,                  // tokens that may still be sampled
  tokens: array<u32, MAX_ROWS>, // ids of the rows
}
// With rows = 0 and replay = 0 the generation has stopped, and every kernel returns at once.

// The fast profile has no bounds checks: a kernel that uses a field as an index, or counts to it, takes at most what its buffers
// hold (NETWORK.md 10).

// Rows of the pass, of which buffers hold MAX_ROWS.
fn pass_rows() -> u32 { return min(step.rows, MAX_ROWS); }

// n, the trips of a loop. On a CPU device (ROLLED) by way of a number that the compiler cannot foresee, so that the
// loop stays a loop: unrolled, a kernel takes lavapipe seconds to compile and outgrows its store of compiled code.
// Not min(n, …): Mesa takes the n in it for a bound, and unrolls.
fn trips(n: u32) -> u32 { return select(n, n * min(1u, step.rows + step.replay), ROLLED); }
