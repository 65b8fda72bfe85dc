// accept: joins each row's candidates into its draw, and accepts drafts while they equal the draws: row t's draw is the
// token after it, row t + 1 holds the draft of that token.
//   a = number of rows t = 0, 1, … in turn with draw_t = tokens_{t+1};  a + 1 tokens are drawn
// So a draft never changes the text, at any temperature. It stops at an id that ends generation and when the budget is
// spent. Then it writes the record that goes home and the step state of the next pass, one row with the last draw; where
// the state stands is told by STORES as in gated_delta_net: on the tape (0) the accepted rows are to be replayed; of
// snapshots (K > 1) the one as far back as rows were rejected. It also writes the rows that the MTP block has yet to see:
// the drawn tokens. After the end, rows = 0, so passes that were submitted ahead do nothing.
// 0 partials     [CHUNKS, T]  read
// 1 sampling                  read
// 2 step                      read_write
// 3 mtp                       read_write   step state of the MTP block
// 4 confidence   [64]         read         of the drafts, 0 where unknown
// 5 record       [4 + 3·T]    read_write   count (0: stopped before), position of the first draw, drafted, the rejected
//                                          draft or 2³² − 1; then by draw: token, bits of its log-probability, bits of its draft's confidence
// Dispatch (1), workgroup 256: 4 lanes a row.
@group(0) @binding(0) var<storage, read> partials: array<Candidate>;
@group(0) @binding(1) var<storage, read> sampling: Sampling;
@group(0) @binding(2) var<storage, read_write> step: StepState;
@group(0) @binding(3) var<storage, read_write> mtp: StepState;
@group(0) @binding(4) var<storage, read> confidence: array<f32, 64>;
@group(0) @binding(5) var<storage, read_write> record: array<u32, 196>;

var<workgroup> best: array<Candidate, 256>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) local: u32) {
  let rows = step.rows;
  var mine = no_candidate;
  if (local / 4u < rows) {
    for (var c = local % 4u; c < CHUNKS; c += 4u) { mine = joined(mine, partials[(local / 4u) * CHUNKS + c]); }
  }
  best[local] = mine;
  workgroupBarrier();
  if (local % 4u == 0u) {
    best[local] = joined(joined(best[local], best[local + 1u]), joined(best[local + 2u], best[local + 3u]));
  }
  workgroupBarrier();
  if (local > 0u) { return; }
  record[0] = 0u;
  if (rows == 0u) { return; }

  let first = step.position; // of the row drawn from first
  var drawn = 0u;
  var stop = false;
  for (; drawn < rows; ) {
    let draw = best[drawn * 4u];
    record[4u + 3u * drawn] = draw.id;
    record[5u + 3u * drawn] = bitcast<u32>(draw.logit - draw.highest - log(draw.mass));
    record[6u + 3u * drawn] = select(0u, bitcast<u32>(confidence[drawn]), drawn + 1u < rows);
    mtp.tokens[drawn] = draw.id;
    drawn++;
    stop = draw.id >= V;
    for (var i = 0u; i < min(sampling.end_count, 16u); i++) { stop = stop || sampling.end_ids[i] == draw.id; }
    step.budget -= min(step.budget, 1u);
    stop = stop || step.budget == 0u;
    if (stop || drawn == rows || step.tokens[drawn] != draw.id) { break; }
  }
  record[0] = drawn;
  record[1] = first + 1u;
  record[2] = rows - 1u;
  record[3] = 0xffffffffu;
  if (!stop && drawn < rows) { record[3] = step.tokens[drawn]; }

  mtp.position = first + 1u;
  mtp.rows = select(drawn, 0u, stop);
  step.position = first + drawn;
  step.tokens[0] = mtp.tokens[drawn - 1u];
  step.rows = select(1u, 0u, stop);
  step.slot = 0u;
  step.replay = 0u;
  if (STORES == 0u) { step.replay = select(drawn - 1u, 0u, stop); }
  if (STORES > 1u) { step.slot = rows - drawn; }
}
