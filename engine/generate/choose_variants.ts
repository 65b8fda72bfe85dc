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
  typesOf,
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
  /** One for each matrix of the sample. */
  readonly plans: readonly Plan[];
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
    if (offered.length < 2 || left <= 0) continue;
    const sample = sampleOf(all, variants);
    const types = [...new Set(sample.flatMap(typesOf))];
    if (isKnown(known[name], offered, types)) continue;
    const largest = Math.max(...sample.map(({ rows }) => rows));
    const sum = sample.reduce((rows, matrix) => rows + matrix.rows, 0);
    const most = Math.max(...paths.map(({ width }) => width));
    if (4 * most * (2 * columns + largest + sum) > gpu.freeBytes) continue; // a GPU that the model fills keeps the rule's
    const buffers = {
      x: gpu.buffer("products to time: x", most * columns * 4, "activations"),
      out: gpu.buffer("products to time: out", most * largest * 4, "activations"),
      results: gpu.buffer("products to time: results", most * sum * 4, "activations"),
      step: stepBuffer(gpu),
    };
    try {
      gpu.device.queue.writeBuffer(buffers.step, 0, stepWords(0, new Array<number>(most).fill(0)));
      gpu.device.queue.writeBuffer(buffers.x, 0, rowsToTime(most * columns));
      const plans = await plansOf(gpu, sample, variants, buffers, { signal, onWrong });
      const started = now();
      const timed = plans && (await rightOnes(gpu, plans, { sample, ...buffers }, { signal, onWrong }));
      if (!timed || !(await time(gpu, timed, left, now, signal))) return undefined;
      left -= now() - started;
      const choice = choiceOf(variants, timed);
      if (choice) choices[name] = { ...choice, types };
    } finally {
      for (const buffer of Object.values(buffers)) gpu.free(buffer);
    }
  }
  return choices;
}

/** Another Dawn may offer other variants, and another model may have other types. */
const isKnown = (
  choice: Choices[string] | undefined,
  offered: readonly string[],
  types: readonly string[],
): boolean =>
  choice !== undefined &&
  offered.includes(choice.value) &&
  types.every((type) => choice.types.includes(type));

/**
 * The largest matrices, which take the most time, as many as `mostBytes` are of, one at least; and for each type that is not among them the
 * smallest that has it, so that no type is first multiplied by a variant when that has been chosen.
 */
function sampleOf(matrices: readonly Matrix[], { columns, mostBytes }: ProductVariants): Matrix[] {
  const sorted = matrices
    .filter((matrix) => matrix.columns === columns)
    .toSorted((a, b) => weightBytes(b) - weightBytes(a));
  let bytes = 0;
  const sample = sorted.filter((matrix) => {
    const mine = weightBytes(matrix);
    if (bytes > 0 && bytes + mine > mostBytes) return false;
    bytes += mine;
    return true;
  });
  const types = new Set(sample.flatMap(typesOf));
  for (const matrix of sorted.toReversed()) {
    if (typesOf(matrix).every((type) => types.has(type))) continue;
    sample.push(matrix);
    for (const type of typesOf(matrix)) types.add(type);
  }
  return sample;
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
      const record = (recorder: PlanRecorder, matrix: Matrix) =>
        recordMatmul({ recorder, step, ...path }, matrix, { x, out, variant });
      try {
        const plans: Plan[] = [];
        for (const matrix of sample) {
          if (!(await compileInTurn(gpu, (recorder) => record(recorder, matrix), signal))) return undefined;
          const recorder = new PlanRecorder(gpu);
          record(recorder, matrix);
          plans.push(await recorder.finish());
        }
        timed.push({ variant, path, plans, ms: [] });
      } catch (error) {
        if (variant === offered[0]) throw error; // nothing runs without the rule's
        onWrong(`${variant}: ${(error as Error).message}`);
      }
    }
  }
  return timed;
}

function encode(encoder: GPUCommandEncoder, plans: readonly Plan[]): void {
  const pass = encoder.beginComputePass();
  for (const plan of plans) plan.encode(pass, { positions: 0, replay: 0 });
  pass.end();
}

/** The matrices whose products are compared, where a plan leaves those of one, and where those of all are put together. */
interface Results {
  readonly sample: readonly Matrix[];
  readonly out: GPUBuffer;
  readonly results: GPUBuffer;
}

/** Runs plans for the first time, when drivers may compile their kernels. @returns the products with each matrix of the sample */
async function productsOf(
  gpu: Gpu,
  { plans, path }: Timed,
  { sample, out, results }: Results,
): Promise<Float32Array[]> {
  const encoder = gpu.device.createCommandEncoder();
  const sizes = sample.map(({ rows }) => rows * path.width);
  const ends: number[] = [];
  for (const [i, plan] of plans.entries()) {
    const at = ends.at(-1) ?? 0;
    encoder.clearBuffer(out); // results of an earlier plan are not taken for those of one that writes none
    encode(encoder, [plan]);
    encoder.copyBufferToBuffer(out, 0, results, 4 * at, 4 * sizes[i]!);
    ends.push(at + sizes[i]!);
  }
  gpu.submit(encoder.finish());
  await gpu.idle(true);
  const all = new Float32Array(await gpu.read(results, 4 * ends.at(-1)!));
  return ends.map((end, i) => all.subarray(end - sizes[i]!, end));
}

/**
 * Runs all plans once, and leaves out variants whose results are not the rule's: drivers have compiled kernels wrongly.
 * @returns undefined when the signal aborted
 */
async function rightOnes(
  gpu: Gpu,
  plans: readonly Timed[],
  results: Results,
  { signal, onWrong }: Told,
): Promise<Timed[] | undefined> {
  const right: Timed[] = [];
  const rules = new Map<Path, Float32Array[]>();
  for (const timed of plans) {
    if (signal?.aborted) return undefined;
    const { variant, path } = timed;
    const actual = await productsOf(gpu, timed, results);
    const expected = rules.get(path);
    if (!expected) rules.set(path, actual); // the rule's come first
    const error = expected ? Math.max(...actual.map((it, i) => relativeError(it, expected[i]!))) : 0;
    if (error <= worstError) right.push(timed);
    else onWrong(`${variant}: ${faultOf(error)}`);
  }
  return right;
}

const faultOf = (error: number): string =>
  Number.isNaN(error)
    ? "its results are no numbers"
    : `its results are off by ${error.toPrecision(2)} of their size`;

/** ‖actual − expected‖₂ / ‖expected‖₂; NaN if anything is NaN. */
function relativeError(actual: Float32Array, expected: Float32Array): number {
  let [error, size] = [0, 0];
  // Millions of numbers, while a request may come: an iterator takes ten times as long.
  for (let i = 0; i < expected.length; i++) {
    const value = expected[i]!;
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
    for (const { plans, ms } of timed) {
      if (signal?.aborted) return false;
      const encoder = gpu.device.createCommandEncoder();
      encode(encoder, plans);
      const started = now();
      gpu.submit(encoder.finish());
      await gpu.idle();
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
function choiceOf(
  { offered, paths }: ProductVariants,
  timed: readonly Timed[],
): Omit<Choices[string], "types"> | undefined {
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
