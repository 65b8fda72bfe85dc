import { performance } from "node:perf_hooks";
import type { Evaluator } from "../../generate/index.ts";
import { hasTimestamps, type Plan, Timestamps, type Use } from "../../gpu/index.ts";
import { median } from "../commands/index.ts";
import { millisecondsOf } from "./clock.ts";

/** Medians of several runs of a plan, in milliseconds; undefined where the GPU's clock cannot be read. */
export interface PlanTimes {
  /** Of each dispatch, in a pass of its own. */
  readonly dispatchMs: readonly number[] | undefined;
  /** Of the plan in one pass, as it runs otherwise; undefined too where that would take the system's patience. */
  readonly gpuMs: number | undefined;
  /** From the first command until the GPU is idle, by the host's clock. */
  readonly wallMs: number | undefined;
  readonly encodeMs: number;
  readonly submitMs: number;
}

/** Dispatches of one submit where each has a pass of its own: Windows resets a GPU that works on one submit for two seconds. */
const ofSubmit = 16;
/** A plan that takes longer than this is not submitted as one where the system watches the GPU. */
const longestMs = 500;

/**
 * Times a plan of the evaluator, one run of each kind in turns; a first one is not counted.
 * @param begin sets the step state; called before each run
 */
export async function timePlan(
  evaluator: Evaluator,
  plan: Plan,
  use: Use,
  { begin, runs }: { begin: () => void; runs: number },
): Promise<PlanTimes> {
  const { gpu } = evaluator;
  await evaluator.warmUp([plan]);
  await evaluator.runPaced(plan, use, { before: begin });
  const isWhole = !gpu.isWatched || evaluator.msOf(plan)! <= longestMs;
  const stamps = hasTimestamps(gpu) ? new Timestamps(gpu, plan.dispatches.length) : undefined;
  try {
    const singles: number[][] = [];
    const wholes: WholeRun[] = [];
    for (let run = 0; run <= runs; run++) {
      const single = stamps && (await runSingly(evaluator, plan, use, begin, stamps));
      const whole = await runWhole(evaluator, plan, use, begin, { stamps, isSubmitted: isWhole });
      if (run === 0) continue;
      if (single) singles.push(single);
      wholes.push(whole);
    }
    const middle = (of: (run: WholeRun) => number | undefined): number | undefined => {
      const values = wholes.map(of);
      return values.includes(undefined) ? undefined : median(values as number[]);
    };
    return {
      dispatchMs: stamps && plan.dispatches.map((_, i) => median(singles.map((run) => run[i]!))),
      gpuMs: middle((run) => run.gpuMs),
      wallMs: middle((run) => run.wallMs),
      encodeMs: middle((run) => run.encodeMs)!,
      submitMs: middle((run) => run.submitMs)!,
    };
  } finally {
    stamps?.free();
  }
}

/** Milliseconds of each dispatch, in a pass of its own. */
async function runSingly(
  { gpu }: Evaluator,
  plan: Plan,
  use: Use,
  begin: () => void,
  stamps: Timestamps,
): Promise<number[]> {
  begin();
  const { length } = plan.dispatches;
  for (let first = 0; first < length; first += ofSubmit) {
    const encoder = gpu.device.createCommandEncoder();
    for (let i = first; i < Math.min(length, first + ofSubmit); i++) {
      const pass = encoder.beginComputePass({ timestampWrites: stamps.writes(i) });
      plan.encode(pass, use, i, i + 1);
      pass.end();
    }
    gpu.submit(encoder.finish());
  }
  gpu.counters.dispatches += length;
  return (await stamps.read(length)).map(millisecondsOf);
}

interface WholeRun {
  readonly gpuMs: number | undefined;
  readonly wallMs: number | undefined;
  readonly encodeMs: number;
  readonly submitMs: number;
}

/** Encodes the plan as one pass and submits it, in pieces where it is too long for one. */
async function runWhole(
  { gpu }: Evaluator,
  plan: Plan,
  use: Use,
  begin: () => void,
  { stamps, isSubmitted }: { stamps: Timestamps | undefined; isSubmitted: boolean },
): Promise<WholeRun> {
  await gpu.idle();
  begin();
  const started = performance.now();
  const encoder = gpu.device.createCommandEncoder();
  const pass = encoder.beginComputePass(stamps && { timestampWrites: stamps.writes(0) });
  plan.encode(pass, use);
  pass.end();
  const commands = encoder.finish();
  const encoded = performance.now();
  if (!isSubmitted) return { gpuMs: undefined, wallMs: undefined, encodeMs: encoded - started, submitMs: 0 };
  gpu.submit(commands);
  const submitted = performance.now();
  gpu.counters.dispatches += plan.dispatches.length;
  await gpu.idle();
  const wallMs = performance.now() - started;
  const gpuMs = stamps && millisecondsOf((await stamps.read(1))[0]!);
  return { gpuMs, wallMs, encodeMs: encoded - started, submitMs: submitted - encoded };
}
