import { performance } from "node:perf_hooks";
import { type Costs, measuredCosts } from "../draft/index.ts";
import type { Plan } from "../gpu/index.ts";
import { acceptanceBuckets, maxRows, stepWords } from "../model/index.ts";
import { type Evaluator, widths } from "./evaluator.ts";
import type { Rounds } from "./rounds.ts";

/** Widths that are compared with the one before: one or more of each kind of kernel. */
const checkedWidths = [1, 2, 4, 16, maxRows];

/**
 * What a round may take, in milliseconds, where Windows would reset the GPU after 2000: attention over a full context and other
 * programs' work come on top.
 */
const longestRoundMs = 500;

/** Ids for passes whose text does not matter; they differ, since routes of experts depend on them. */
export const anyIds = (count: number, vocabulary: number): number[] =>
  Array.from({ length: count }, (_, i) => (i * 7919 + 13) % vocabulary);

/** What was measured so far: a measurement that is interrupted goes on with it. */
export interface Measured {
  /** Rows of the widest pass that left the bits of narrower ones. */
  alike: number;
  /** Whether none that is wider is to be used. */
  isWidest: boolean;
  /** Passes that were timed, the narrowest first. */
  readonly passes: { readonly rows: number; readonly ms: number }[];
}

export const notMeasured = (): Measured => ({ alike: 1, isWidest: false, passes: [] });

export interface MeasureOptions {
  /** Looked at before each kernel and each width. */
  readonly signal?: AbortSignal | undefined;
  readonly measured?: Measured;
  /** Runs what overwrites the sequence. Default: the text is lost. */
  readonly without?: (<T>(work: () => Promise<T>) => Promise<T>) | undefined;
}

/**
 * Checks whether passes over several rows leave the bits that narrower passes leave (I3): hidden rows, and the candidates of the
 * samples.
 * @param rows most rows that are wanted
 * @returns most rows that a pass may have; 1: no draft can be verified here; undefined: the signal aborted
 */
export async function widestEqual(
  evaluator: Evaluator,
  rounds: Rounds,
  rows: number,
  { signal, measured = notMeasured(), without = (work) => work() }: MeasureOptions = {},
): Promise<number | undefined> {
  const { vocabulary } = evaluator.model.h;
  for (const width of checkedWidths.slice(1)) {
    if (measured.isWidest || measured.alike >= rows) break;
    if (width <= measured.alike) continue;
    const plan = await rounds.planInTurn({ rows: width, sampled: false }, signal);
    if (!plan || !(await evaluator.warmUp([plan], undefined, signal)) || signal?.aborted) return undefined;
    const isAlike = await without(async () => {
      if (await isTooLong(evaluator, plan, width)) return false;
      const ids = anyIds(width, vocabulary);
      const narrow = await traceOf(evaluator, rounds, ids, measured.alike);
      const wide = await traceOf(evaluator, rounds, ids, width);
      return narrow.every((word, i) => word === wide[i]);
    });
    if (isAlike) measured.alike = width;
    else measured.isWidest = true;
  }
  return Math.min(rows, measured.alike);
}

/** Runs a round of `width` rows for the first time, in short submits; the text is lost. Rounds are one submit. */
async function isTooLong(evaluator: Evaluator, plan: Plan, width: number): Promise<boolean> {
  const { gpu, model, workspace } = evaluator;
  const ids = anyIds(width, model.h.vocabulary);
  gpu.device.queue.writeBuffer(workspace.step, 0, stepWords(0, ids, { budget: maxRows }));
  await evaluator.runPaced(plan, { positions: width, replay: 0 });
  return gpu.isWatched && evaluator.msOf(plan)! > longestRoundMs;
}

/** The bits that passes of `width` rows leave behind for `ids`. */
async function traceOf(
  evaluator: Evaluator,
  rounds: Rounds,
  ids: readonly number[],
  width: number,
): Promise<Uint32Array> {
  const { gpu, model, sequence } = evaluator;
  evaluator.reset();
  const words: number[] = [];
  for (let at = 0; at < ids.length; at += width)
    words.push(...(await rounds.candidates(ids.slice(at, at + width))));
  const hidden = await gpu.read(sequence.memory.hidden, ids.length * model.h.embedding * 4);
  return Uint32Array.from([...words, ...new Uint32Array(hidden)]);
}

const repetitions = 6;

/**
 * Times passes of each width and links of the MTP chain. Attention sees next to no positions, which favours no width.
 * @returns undefined when the signal aborted
 */
export async function measureCosts(
  evaluator: Evaluator,
  rounds: Rounds,
  { rows, mtp }: { rows: number; mtp: boolean },
  { signal, measured = notMeasured(), without = (work) => work() }: MeasureOptions = {},
): Promise<Costs | undefined> {
  /** A plan that is compiled, so that only its passes are timed. */
  const planOf = async (width: number, links: number): Promise<Plan | undefined> => {
    const shape = { rows: width, sampled: false, seen: links > 0 ? 1 : 0, links };
    const plan = await rounds.planInTurn(shape, signal);
    const isWarm = plan && (await evaluator.warmUp([plan], undefined, signal));
    return isWarm && !signal?.aborted ? plan : undefined;
  };
  const { passes } = measured;
  const isDear = () => passes.length > 1 && passes[1]!.ms > 1.8 * passes[0]!.ms; // as rows one by one: nothing wider can be worth its compilation
  for (const width of widths.filter((it) => it < 2 * rows)) {
    if (isDear()) break;
    if (passes.some((it) => it.rows === width)) continue;
    const plan = await planOf(width, 0);
    if (!plan) return undefined;
    const ms = await without(() => timed(evaluator, rounds, plan, width, 0));
    passes.push({ rows: width, ms: Math.max(ms, passes.at(-1)?.ms ?? 0) });
  }
  const links = mtp ? Math.min(4, rows - 1) : 0;
  const plain = await planOf(links + 1, 0);
  const drafting = links > 0 ? await planOf(links + 1, links) : plain;
  if (!plain || !drafting) return undefined;
  return without(async () => {
    const time = (plan: Plan, its: number) => timed(evaluator, rounds, plan, links + 1, its);
    const link = links > 0 ? Math.max(0, (await time(drafting, links)) - (await time(plain, 0))) / links : 0;
    evaluator.reset();
    const started = performance.now();
    await rounds.candidates(anyIds(1, evaluator.model.h.vocabulary));
    const wait = Math.max(0, performance.now() - started - passes[0]!.ms);
    return measuredCosts(passes, { link, wait });
  });
}

/** Milliseconds of a round, the mean of some after its first. */
async function timed(
  evaluator: Evaluator,
  rounds: Rounds,
  plan: Plan,
  width: number,
  links: number,
): Promise<number> {
  const begin = () => {
    const { queue } = evaluator.gpu.device;
    const ids = anyIds(links > 0 ? 1 : width, evaluator.model.h.vocabulary);
    if (links > 0) {
      queue.writeBuffer(rounds.draw.mtp, 0, stepWords(0, ids));
      rounds.set({ most: links, cut: [], acceptance: new Array<number>(acceptanceBuckets).fill(1) });
    }
    queue.writeBuffer(evaluator.workspace.step, 0, stepWords(0, ids, { budget: maxRows }));
  };
  const use = { positions: width, replay: 0 };
  evaluator.reset();
  await evaluator.runPaced(plan, use, { before: begin });
  const firstMs = evaluator.msOf(plan)!;
  if (firstMs > longestRoundMs && evaluator.gpu.isWatched) return firstMs; // never as the one submit that rounds are
  await evaluator.gpu.idle();
  const started = performance.now();
  for (let i = 0; i < repetitions; i++) {
    begin();
    evaluator.run(plan, use);
  }
  await evaluator.gpu.idle();
  return (performance.now() - started) / repetitions;
}
