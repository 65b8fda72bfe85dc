import { performance } from "node:perf_hooks";
import { type Choices, compileInTurn, type Gpu, type Plan, PlanRecorder } from "../gpu/index.ts";
import {
  type Matrix,
  type Model,
  matricesOf,
  type Path,
  type ProductVariants,
  recordMatmul,
  stepBuffer,
  stepWords,
  variantsOf,
} from "../model/index.ts";

const budgetMs = 1000;
const leastRounds = 2;
const mostRounds = 7;
/** How far results may be from the rule's, relative: other orders of additions are within 1e-6, and wrong ones are not near. */
const worstError = 1e-4;
/** How much quicker than the rule's another variant must be, for noise not to choose it. */
const worthwhile = 0.95;

export interface ChooseOptions {
  /** What needs no choice. */
  readonly known?: Choices;
  readonly signal?: AbortSignal | undefined;
  /** Told of a variant that this device gets wrong, which is not chosen. */
  readonly onWrong?: (message: string) => void;
  /** Milliseconds, from any start. */
  readonly now?: () => number;
}

/** What is timed: products with matrices of one size of rows by one variant, in a pass of one width. */
interface Timed {
  readonly variant: string;
  readonly path: Path;
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
  { known = {}, signal, onWrong = () => {}, now = () => performance.now() }: ChooseOptions = {},
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
      gpu.device.queue.writeBuffer(buffers.x, 0, rowsToTime(most * columns));
      const plans = await plansOf(gpu, sample, variants, buffers, { signal, onWrong });
      const started = now();
      const bytes = 4 * sample.at(-1)!.rows; // what the last product of a plan leaves
      const timed = plans && (await rightOnes(gpu, plans, { out: buffers.out, bytes }, { signal, onWrong }));
      if (!timed || !(await time(gpu, timed, left, now, signal))) return undefined;
      left -= now() - started;
      const choice = choiceOf(variants, timed);
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

/** Numbers of both signs, in no order, that are the same in every process. */
function rowsToTime(length: number): Float32Array<ArrayBuffer> {
  let state = 1;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return state / 2 ** 31;
  });
}

type Told = Pick<ChooseOptions, "signal"> & Required<Pick<ChooseOptions, "onWrong">>;

/** The plans of all variants that compile. @returns undefined when the signal aborted */
async function plansOf(
  gpu: Gpu,
  sample: readonly Matrix[],
  { offered, paths }: ProductVariants,
  { x, out, step }: { x: GPUBuffer; out: GPUBuffer; step: GPUBuffer },
  { signal, onWrong }: Told,
): Promise<Timed[] | undefined> {
  const timed: Timed[] = [];
  for (const variant of offered) {
    for (const path of paths) {
      const record = (recorder: PlanRecorder) => {
        for (const matrix of sample) recordMatmul({ recorder, step, ...path }, matrix, { x, out, variant });
      };
      try {
        if (!(await compileInTurn(gpu, record, signal))) return undefined;
        const recorder = new PlanRecorder(gpu);
        record(recorder);
        timed.push({ variant, path, plan: await recorder.finish(), ms: [] });
      } catch (error) {
        if (variant === offered[0]) throw error; // nothing runs without the rule's
        onWrong(`${variant}: ${(error as Error).message}`);
      }
    }
  }
  return timed;
}

/** Runs a plan, for the first time after `cleared` was: drivers may compile its kernels then. */
async function run(gpu: Gpu, plan: Plan, cleared?: GPUBuffer): Promise<void> {
  const encoder = gpu.device.createCommandEncoder();
  if (cleared) encoder.clearBuffer(cleared);
  const pass = encoder.beginComputePass();
  plan.encode(pass, { positions: 0, replay: 0 });
  pass.end();
  gpu.submit(encoder.finish());
  await gpu.idle(cleared !== undefined);
}

/**
 * Runs each plan once, and leaves out those whose results are not the rule's: drivers have compiled kernels wrongly.
 * @param results where a plan leaves those that are compared, and their bytes a row
 * @returns undefined when the signal aborted
 */
async function rightOnes(
  gpu: Gpu,
  plans: readonly Timed[],
  results: { readonly out: GPUBuffer; readonly bytes: number },
  { signal, onWrong }: Told,
): Promise<Timed[] | undefined> {
  const right: Timed[] = [];
  const expected = new Map<Path, Float32Array>();
  for (const timed of plans) {
    if (signal?.aborted) return undefined;
    const { variant, path, plan } = timed;
    await run(gpu, plan, results.out);
    const bytes = results.bytes * path.width;
    const actual = new Float32Array(await gpu.read(results.out, bytes));
    const rules = expected.get(path) ?? actual;
    expected.set(path, rules);
    const error = relativeError(actual, rules);
    if (error <= worstError) right.push(timed);
    else onWrong(`${variant}: its results are off by ${error.toPrecision(2)} of their size`);
  }
  return right;
}

/** ‖actual − expected‖₂ / ‖expected‖₂; NaN if anything is NaN. */
function relativeError(actual: Float32Array, expected: Float32Array): number {
  let [error, size] = [0, 0];
  for (const [i, value] of expected.entries()) {
    error += (actual[i]! - value) ** 2;
    size += value ** 2;
  }
  return error === 0 ? 0 : Math.sqrt(error / size);
}

/** Runs the plans in turns until the time is spent. @returns false when the signal aborted */
async function time(
  gpu: Gpu,
  timed: readonly Timed[],
  left: number,
  now: () => number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  let spent = 0;
  for (let round = 0; round < mostRounds && spent < left; round++) {
    for (const { plan, ms } of timed) {
      if (signal?.aborted) return false;
      const started = now();
      await run(gpu, plan);
      const took = now() - started;
      spent += took;
      ms.push(took);
    }
  }
  return true;
}

/**
 * The quickest of those that are right, by the sum of the medians of all passes; the rule's, which is the first, unless another is
 * clearly quicker. Undefined where the time was too short.
 */
function choiceOf({ offered, paths }: ProductVariants, timed: readonly Timed[]): Choices[string] | undefined {
  const ofVariant = (variant: string) => timed.filter((it) => it.variant === variant);
  const right = offered.filter((variant) => ofVariant(variant).length === paths.length);
  if (timed.some(({ ms }) => ms.length < leastRounds)) return undefined;
  const sums = right.map((variant) => ofVariant(variant).reduce((sum, { ms }) => sum + median(ms), 0));
  const least = Math.min(...sums);
  const chosen = least < worthwhile * sums[0]! ? right[sums.indexOf(least)]! : right[0]!;
  return { value: chosen, ms: Object.fromEntries(right.map((variant, i) => [variant, sums[i]!])) };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
