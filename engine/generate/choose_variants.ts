import { performance } from "node:perf_hooks";
import { type Choices, compileInTurn, type Gpu, type Plan, PlanRecorder } from "../gpu/index.ts";
import {
  type Matrix,
  type Model,
  matricesOf,
  type ProductVariants,
  recordMatmul,
  stepBuffer,
  stepWords,
  variantsOf,
} from "../model/index.ts";

const budgetMs = 1000;
const leastRounds = 2;
const mostRounds = 7;
/** How much quicker than the rule's another variant must be, for noise not to choose it. */
const worthwhile = 0.95;

export interface ChooseOptions {
  /** What needs no choice. */
  readonly known?: Choices;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds, from any start. */
  readonly now?: () => number;
}

/** What is timed: products with matrices of one size of rows by one variant, in a pass of one width. */
interface Timed {
  readonly variant: string;
  readonly plan: Plan;
  readonly ms: number[];
}

/**
 * Times the variants of products, for each size of rows that the model has, on its own weights. It takes a second at most beside
 * compiling, and chooses nothing where its time or memory has run out. Choices hold for devices that are opened with them: all plans of a model
 * have the same variants (I3).
 * @returns undefined when the signal aborted: call again, what was compiled stays
 */
export async function chooseVariants(
  gpu: Gpu,
  model: Model,
  { known = {}, signal, now = () => performance.now() }: ChooseOptions = {},
): Promise<Choices | undefined> {
  const all = matricesOf(model);
  const sizes = new Set(all.map(({ columns }) => columns));
  const choices: Record<string, Choices[string]> = {};
  let left = budgetMs;
  for (const variants of variantsOf(gpu, [...sizes])) {
    const { name, offered, columns, paths } = variants;
    if (name in known || offered.length < 2 || left <= 0) continue;
    const sample = sampleOf(all, variants);
    const largest = Math.max(...sample.map(({ rows }) => rows));
    const most = Math.max(...paths.map(({ width }) => width));
    if (4 * most * (columns + largest) > gpu.freeBytes) continue; // a GPU that the model fills keeps the rule's
    const buffers = {
      x: gpu.buffer("products to time: x", most * columns * 4, "activations"),
      out: gpu.buffer("products to time: out", most * largest * 4, "activations"),
      step: stepBuffer(gpu),
    };
    try {
      gpu.device.queue.writeBuffer(buffers.step, 0, stepWords(0, new Array<number>(most).fill(0)));
      const timed = await plansOf(gpu, sample, variants, buffers, signal);
      const started = now();
      if (!timed || !(await time(gpu, timed, left, now, signal))) return undefined;
      left -= now() - started;
      const choice = choiceOf(offered, timed);
      if (choice) choices[name] = choice;
    } finally {
      for (const buffer of Object.values(buffers)) gpu.free(buffer);
    }
  }
  return choices;
}

/** The largest matrices, which take the most time, as many as `mostBytes` are of; one at least. */
function sampleOf(matrices: readonly Matrix[], { columns, mostBytes }: ProductVariants): Matrix[] {
  let bytes = 0;
  return matrices
    .filter((matrix) => matrix.columns === columns)
    .toSorted((a, b) => weightBytes(b) - weightBytes(a))
    .filter((matrix) => {
      const mine = weightBytes(matrix);
      if (bytes > 0 && bytes + mine > mostBytes) return false;
      bytes += mine;
      return true;
    });
}

const weightBytes = ({ slabs }: Matrix): number =>
  slabs.reduce((sum, { planes }) => sum + planes.words.size, 0);

async function plansOf(
  gpu: Gpu,
  sample: readonly Matrix[],
  { offered, paths }: ProductVariants,
  { x, out, step }: { x: GPUBuffer; out: GPUBuffer; step: GPUBuffer },
  signal: AbortSignal | undefined,
): Promise<Timed[] | undefined> {
  const timed: Timed[] = [];
  for (const variant of offered) {
    for (const path of paths) {
      const record = (recorder: PlanRecorder) => {
        for (const matrix of sample) recordMatmul({ recorder, step, ...path }, matrix, { x, out, variant });
      };
      if (!(await compileInTurn(gpu, record, signal))) return undefined;
      const recorder = new PlanRecorder(gpu);
      record(recorder);
      timed.push({ variant, plan: await recorder.finish(), ms: [] });
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

/** The quickest by the sum of the medians of all passes; the rule's, which is the first, unless another is clearly quicker. */
function choiceOf(offered: readonly string[], timed: readonly Timed[]): Choices[string] | undefined {
  if (timed.some(({ ms }) => ms.length < leastRounds)) return undefined;
  const sums = offered.map((variant) =>
    timed.filter((it) => it.variant === variant).reduce((sum, { ms }) => sum + median(ms), 0),
  );
  const least = Math.min(...sums);
  const chosen = least < worthwhile * sums[0]! ? offered[sums.indexOf(least)]! : offered[0]!;
  return { value: chosen, ms: Object.fromEntries(offered.map((variant, i) => [variant, sums[i]!])) };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
