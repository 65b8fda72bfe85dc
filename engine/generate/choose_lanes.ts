import { performance } from "node:perf_hooks";
import { type Choices, compileInTurn, type Gpu, type Plan, PlanRecorder } from "../gpu/index.ts";
import {
  lanesName,
  lanesOffered,
  type Matrix,
  type Model,
  matricesOf,
  recordMatmul,
  stepBuffer,
  stepWords,
} from "../model/index.ts";

/** Rows of the passes that are timed: decoding, and a short draft. */
const timedRows = [1, 4] as const;
/** Weights that a timed submit reads, at most: more than caches hold, and some milliseconds on a slow GPU. */
const mostBytes = 192 * 2 ** 20;
const budgetMs = 1000;
const leastRounds = 2;
const mostRounds = 7;
/** How much quicker than the rule's another number of lanes must be, for noise not to choose it. */
const worthwhile = 0.95;

export interface ChooseOptions {
  /** Sizes of rows that need no choice. */
  readonly known?: Choices;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds, from any start. */
  readonly now?: () => number;
}

/** What is timed: products with matrices of one size of rows, by so many lanes, for so many rows of x. */
interface Timed {
  readonly lanes: number;
  readonly plan: Plan;
  readonly ms: number[];
}

/**
 * Times how many lanes should share a row of weights, for each size of rows that the model has, on its own weights. It takes a second
 * at most beside compiling, and chooses nothing for sizes whose time has run out. Choices hold for devices that are opened with them:
 * one number of lanes serves all widths of a matrix (I3).
 * @returns undefined when the signal aborted: call again, what was compiled stays
 */
export async function chooseLanes(
  gpu: Gpu,
  model: Model,
  { known = {}, signal, now = () => performance.now() }: ChooseOptions = {},
): Promise<Choices | undefined> {
  const all = matricesOf(model);
  const sizes = new Set(all.map(({ columns }) => columns));
  const choices: Record<string, Choices[string]> = {};
  let left = budgetMs;
  for (const columns of sizes) {
    const offered = lanesOffered(gpu, columns);
    if (lanesName(columns) in known || offered.length < 2) continue;
    const sample = sampleOf(all.filter((matrix) => matrix.columns === columns));
    const largest = Math.max(...sample.map(({ rows }) => rows));
    const most = Math.max(...timedRows);
    const buffers = {
      x: gpu.buffer("products to time: x", most * columns * 4, "activations"),
      out: gpu.buffer("products to time: out", most * largest * 4, "activations"),
      step: stepBuffer(gpu),
    };
    try {
      gpu.device.queue.writeBuffer(buffers.step, 0, stepWords(0, new Array<number>(most).fill(0)));
      const timed = await plansOf(gpu, sample, offered, buffers, signal);
      const started = now();
      if (!timed || !(await time(gpu, timed, left, now, signal))) return undefined;
      left -= now() - started;
      const choice = choiceOf(offered, timed);
      if (choice) choices[lanesName(columns)] = choice;
    } finally {
      for (const buffer of Object.values(buffers)) gpu.free(buffer);
    }
  }
  return choices;
}

/** Matrices from all over the model, as many as `mostBytes` are of; one at least. */
function sampleOf(matrices: readonly Matrix[]): Matrix[] {
  let bytes = 0;
  return matrices.filter(({ slabs }) => {
    const mine = slabs.reduce((sum, { planes }) => sum + planes.words.size, 0);
    if (bytes > 0 && bytes + mine > mostBytes) return false;
    bytes += mine;
    return true;
  });
}

async function plansOf(
  gpu: Gpu,
  sample: readonly Matrix[],
  offered: readonly number[],
  { x, out, step }: { x: GPUBuffer; out: GPUBuffer; step: GPUBuffer },
  signal: AbortSignal | undefined,
): Promise<Timed[] | undefined> {
  const timed: Timed[] = [];
  for (const lanes of offered) {
    for (const width of timedRows) {
      const record = (recorder: PlanRecorder) => {
        for (const matrix of sample)
          recordMatmul({ recorder, step, kind: "rows", width }, matrix, { x, out, lanes });
      };
      if (!(await compileInTurn(gpu, record, signal))) return undefined;
      const recorder = new PlanRecorder(gpu);
      record(recorder);
      timed.push({ lanes, plan: await recorder.finish(), ms: [] });
    }
  }
  return timed;
}

/** Runs each plan once, then in turns until the time is spent. @returns false when the signal aborted */
async function time(
  gpu: Gpu,
  timed: readonly Timed[],
  left: number,
  now: () => number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  let spent = 0;
  for (let round = -1; round < mostRounds && (round < 0 || spent < left); round++) {
    for (const { plan, ms } of timed) {
      if (signal?.aborted) return false;
      const encoder = gpu.device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      plan.encode(pass, { positions: 0, replay: 0 });
      pass.end();
      const started = now();
      gpu.submit(encoder.finish());
      await gpu.idle(round < 0); // drivers compile when a kernel runs first
      const took = now() - started;
      spent += round < 0 ? 0 : took;
      if (round >= 0) ms.push(took);
    }
  }
  return true;
}

/** The quickest by the sum of the medians of all widths; the rule's, which is the first, unless another is clearly quicker. */
function choiceOf(offered: readonly number[], timed: readonly Timed[]): Choices[string] | undefined {
  if (timed.some(({ ms }) => ms.length < leastRounds)) return undefined;
  const sums = offered.map((lanes) =>
    timed.filter((it) => it.lanes === lanes).reduce((sum, { ms }) => sum + median(ms), 0),
  );
  const least = Math.min(...sums);
  const chosen = least < worthwhile * sums[0]! ? offered[sums.indexOf(least)]! : offered[0]!;
  return { value: chosen, ms: Object.fromEntries(offered.map((lanes, i) => [lanes, sums[i]!])) };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
