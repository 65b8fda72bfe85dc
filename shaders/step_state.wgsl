// What a pass works on, kept on the GPU so that a step needs no visit to the CPU (engine/model/step.ts: same words).
struct StepState {
  position: u32,           // of the pass's first row
  rows: u32,               // rows of the pass; 0 = stopped: every kernel returns at once
  slot: u32,               // state slot that the recurrence starts from
  budget: u32,             // tokens that may still be drawn
  tokens: array<u32, 64>,  // ids of the rows
}

// n, the trips of a loop. On a CPU device (ROLLED) by way of a number that the compiler cannot foresee, so that the
// loop stays a loop: unrolled, a kernel takes lavapipe seconds to compile and outgrows its store of compiled code.
fn trips(n: u32) -> u32 { return select(n, min(n, n * step.rows), ROLLED); }
