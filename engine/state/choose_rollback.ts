import { performance } from "node:perf_hooks";
import { type Gpu, PlanRecorder } from "../gpu/index.ts";
import { type Hyperparameters, recordDeltaRule, stepBuffer, stepWords } from "../model/index.ts";
import { defaultPlanes, type RollbackName } from "./rollback.ts";

const repetitions = 40;
const longestTrialMs = 200; // of one submit, far from the two seconds after which Windows resets a GPU
/** How much faster planes must be: they cost a state for each row of draft, and limit drafts to three. */
const worthwhile = 0.95;

/**
 * Times one layer's recurrence over a token with three drafts (for the tape, with one replayed row too), and picks the faster
 * strategy; the tape if they are equal.
 */
export async function chooseRollback(gpu: Gpu, h: Hyperparameters): Promise<RollbackName> {
  if (!h.fullAttention.includes(false)) return "tape"; // without states there is nothing to roll back
  const { valueHeads, headSize, channels } = h.delta;
  const rows = defaultPlanes;
  const replay = 1;
  const buffers: GPUBuffer[] = [];
  const buffer = (label: string, floats: number): GPUBuffer => {
    const made = gpu.buffer(label, floats * 4, "activations");
    buffers.push(made);
    return made;
  };
  const ring = rows + replay;
  const results = rows * valueHeads * headSize;
  const trial = {
    tape: buffer("trial rows", ring * channels),
    w: buffer("trial convolution", 4 * channels),
    proj: buffer("trial gates", results + 2 * rows * valueHeads),
    vectors: buffer("trial vectors", 2 * valueHeads + headSize),
    gates: buffer("trial tape", ring * valueHeads * 2),
    slots: buffer("trial states", defaultPlanes * valueHeads * headSize ** 2),
    o: buffer("trial results", results),
    u: buffer("trial normed results", results),
  };
  const step = stepBuffer(gpu);
  buffers.push(step);
  const time = async (stores: number, replayed: number): Promise<number> => {
    const recorder = new PlanRecorder(gpu);
    const pass = { recorder, h, step, stores, width: rows };
    for (let i = 0; i < repetitions; i++) recordDeltaRule(pass, trial, ring);
    const plan = await recorder.finish();
    const ids = new Array<number>(rows).fill(0);
    gpu.device.queue.writeBuffer(step, 0, stepWords(replayed, ids, { replay: replayed }));
    const run = async (count: number, compiles = false): Promise<number> => {
      const started = performance.now();
      const encoder = gpu.device.createCommandEncoder();
      const commands = encoder.beginComputePass();
      plan.encode(commands, { positions: rows, replay: replayed }, 0, count);
      commands.end();
      gpu.submit(encoder.finish());
      await gpu.idle(compiles);
      return (performance.now() - started) / count;
    };
    await run(1, true);
    // A single run tells how many may be submitted at once on a slow GPU.
    const count = Math.max(1, Math.min(repetitions, Math.floor(longestTrialMs / (await run(1)))));
    let best = Number.POSITIVE_INFINITY; // of three: disturbances only add time
    for (let repeat = 0; repeat < 3; repeat++) best = Math.min(best, await run(count));
    return best;
  };
  try {
    const tape = await time(0, replay);
    const planes = await time(defaultPlanes, 0);
    return planes < worthwhile * tape ? "planes" : "tape";
  } finally {
    for (const made of buffers) gpu.free(made);
  }
}
