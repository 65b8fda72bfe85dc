// accept: joins each row's candidates into its sample, and accepts drafts while they equal the samples. Row t samples the
// token after it; row t + 1 holds the draft of that token.
//   a = number of rows t = 0, 1, … in turn with sample_t = tokens_{t+1};  a + 1 tokens are sampled
// So a draft never changes the text, at any temperature. It stops at an id that ends generation and when the budget is
// spent. Then it writes the record for the CPU and the step state of the next pass: one row with the last sample. STORES
// tells where the state is, as in gated_delta_net. With the tape (0) the next pass replays the accepted rows; of snapshots
// (K > 1) it reads the one as far back as rows were rejected. It also writes the rows that the MTP block processes next:
// the sampled tokens. After the end, rows = 0, so passes that were submitted ahead do nothing.
// 0 partials     [CHUNKS, T]  read
// 1 sampling                  read
// 2 step                      read_write
// 3 mtp                       read_write   step state of the MTP block
// 4 confidence   [MAX_ROWS]   read         of the drafts, 0 where unknown
// 5 record                    read_write   the first 4 + 3·T words of it
// Dispatch (1), workgroup LANES·MAX_ROWS.
const LANES = 4u; // of a row

struct Draw {
  token: u32,
  log_probability: f32,
  confidence: f32, // of the draft that it verified; 0: none
}

// The record of a pass, for the CPU (engine/model/draw.ts reads it).
struct Record {
  count: u32,      // of samples; 0: the generation had stopped before
  position: u32,   // of the first sample
  drafted: u32,    // rows of draft that were verified
  rejected: u32,   // the draft that was not accepted, or 2³² − 1
  draws: array<Draw, MAX_ROWS>,
}

@group(0) @binding(0) var<storage, read> partials: array<Candidate>;
@group(0) @binding(1) var<storage, read> sampling: Sampling;
@group(0) @binding(2) var<storage, read_write> step: StepState;
@group(0) @binding(3) var<storage, read_write> mtp: StepState;
@group(0) @binding(4) var<storage, read> confidence: array<f32, MAX_ROWS>;
@group(0) @binding(5) var<storage, read_write> record: Record;

var<workgroup> best: array<Candidate, LANES * MAX_ROWS>;

@compute @workgroup_size(LANES * MAX_ROWS)
fn main(@builtin(local_invocation_index) local: u32) {
  let rows = min(pass_rows(), arrayLength(&partials) / CHUNKS);
  var mine = no_candidate;
  if (local / LANES < rows) {
    for (var c = local % LANES; c < CHUNKS; c += LANES) { mine = joined(mine, partials[(local / LANES) * CHUNKS + c]); }
  }
  best[local] = mine;
  workgroupBarrier();
  if (local % LANES == 0u) {
    best[local] = joined(joined(best[local], best[local + 1u]), joined(best[local + 2u], best[local + 3u]));
  }
  workgroupBarrier();
  if (local > 0u) { return; }
  record.count = 0u;
  if (rows == 0u) { return; }

  let first = step.position; // of the first sampled row
  var drawn = 0u;
  var stop = false;
  for (; drawn < rows; ) {
    let draw = best[drawn * LANES];
    record.draws[drawn].token = draw.id;
    record.draws[drawn].log_probability = draw.logit - draw.highest - log(draw.mass);
    record.draws[drawn].confidence = select(0.0, confidence[drawn], drawn + 1u < rows);
    mtp.tokens[drawn] = draw.id;
    drawn++;
    stop = draw.id >= V;
    for (var i = 0u; i < min(sampling.end_count, MAX_ENDS); i++) { stop = stop || sampling.end_ids[i] == draw.id; }
    step.budget -= min(step.budget, 1u);
    stop = stop || step.budget == 0u;
    if (stop || drawn == rows || step.tokens[drawn] != draw.id) { break; }
  }
  record.count = drawn;
  record.position = first + 1u;
  record.drafted = rows - 1u;
  record.rejected = 0xffffffffu;
  if (!stop && drawn < rows) { record.rejected = step.tokens[drawn]; }

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
