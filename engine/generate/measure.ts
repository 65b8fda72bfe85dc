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

/**
 * Checks whether passes over several rows leave the bits that narrower passes leave (I3): hidden rows, and the candidates of the
 * samples. The text is forgotten.
 * @param rows most rows that are wanted
 * @returns most rows that a pass may have; 1: no draft can be verified here; undefined: the signal aborted
 */
export async function widestEqual(
  evaluator: Evaluator,
  rounds: Rounds,
  rows: number,
  signal?: AbortSignal,
): Promise<number | undefined> {
  const { vocabulary } = evaluator.model.h;
  let widest = 1;
  for (const width of checkedWidths.slice(1)) {
    const plan = await rounds.planInTurn({ rows: width, sampled: false }, signal);
    if (!plan || !(await evaluator.warmUp([plan], undefined, signal))) return undefined;
    if (await isTooLong(evaluator, plan, width)) return Math.min(rows, widest);
    if (signal?.aborted) return undefined;
    const ids = anyIds(width, vocabulary);
    const narrow = await traceOf(evaluator, rounds, ids, widest);
    const wide = await traceOf(evaluator, rounds, ids, width);
    if (!narrow.every((word, i) => word === wide[i])) return widest;
    widest = width;
    if (width >= rows) break;
  }
  return Math.min(rows, widest);
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
 * Times passes of each width and links of the MTP chain. The text is forgotten; attention sees next to no positions, which
 * favours no width.
 * @returns undefined when the signal aborted
 */
export async function measureCosts(
  evaluator: Evaluator,
  rounds: Rounds,
  { rows, mtp }: { rows: number; mtp: boolean },
  signal?: AbortSignal,
): Promise<Costs | undefined> {
  const time = async (width: number, links: number): Promise<number | undefined> => {
    const shape = { rows: width, sampled: false, seen: links > 0 ? 1 : 0, links };
    const plan = await rounds.planInTurn(shape, signal);
    if (!plan) return undefined;
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
    await evaluator.warmUp([plan]);
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
  };

  evaluator.reset();
  const passes: { rows: number; ms: number }[] = [];
  for (const width of widths.filter((it) => it < 2 * rows)) {
    if (signal?.aborted) return undefined;
    const ms = await time(width, 0);
    if (ms === undefined) return undefined;
    passes.push({ rows: width, ms: Math.max(ms, passes.at(-1)?.ms ?? 0) });
    const [one, two] = passes;
    if (two && two.ms > 1.8 * one!.ms) break; // as costly as rows one by one: nothing wider can be worth its compilation
  }
  const links = Math.min(4, rows - 1);
  let link = 0;
  if (mtp && links > 0) {
    const without = await time(links + 1, 0);
    const drafting = without === undefined ? undefined : await time(links + 1, links);
    if (without === undefined || drafting === undefined) return undefined;
    link = Math.max(0, drafting - without) / links;
  }
  const started = performance.now();
  await rounds.candidates(anyIds(1, evaluator.model.h.vocabulary));
  const wait = Math.max(0, performance.now() - started - passes[0]!.ms);
  evaluator.reset();
  return measuredCosts(passes, { link, wait });
}
