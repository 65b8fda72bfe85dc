import { anyIds, type Evaluator, type Rounds } from "../../generate/index.ts";
import type { Plan, Use } from "../../gpu/index.ts";
import { acceptanceBuckets, maxRows, stepWords } from "../../model/index.ts";
import { grid } from "../../state/index.ts";
import type { PassSize } from "./traffic.ts";

/** Links of the chain that is profiled where the model has an MTP block. */
const links = 3;

/** One thing that is profiled. */
export interface Piece {
  readonly name: string;
  readonly plan: Plan;
  readonly size: PassSize;
  /** Positions before it. */
  readonly at: number;
  /** Sets the step state for a run. */
  readonly begin: () => void;
}

/**
 * What a profile consists of: a decode step, passes of `rows`, a piece of prompt on the grid at or below `at`, and a round with a chain of
 * drafts where the MTP block runs.
 */
export async function pieces(
  evaluator: Evaluator,
  rounds: Rounds,
  { rows, at }: { rows: readonly number[]; at: number },
): Promise<Piece[]> {
  const { gpu, workspace, model } = evaluator;
  const { queue } = gpu.device;
  const setStep = (position: number, count: number) => () =>
    queue.writeBuffer(
      workspace.step,
      0,
      stepWords(position, anyIds(count, model.h.vocabulary), { budget: maxRows }),
    );
  const use = (position: number, count: number): Use => ({ positions: position + count, replay: 0 });
  const all: Piece[] = [];
  for (const count of new Set([1, ...rows])) {
    all.push({
      name: count === 1 ? "decode step" : `verify pass, ${count} rows`,
      plan: await rounds.plan({ rows: count, sampled: false }),
      size: { rows: count, mtpRows: 0, use: use(at, count) },
      at,
      begin: setStep(at, count),
    });
  }
  const start = at - (at % grid);
  all.push({
    name: `prompt piece, ${maxRows} rows`,
    plan: await evaluator.passPlan(maxRows, { kind: "prompt", logits: "none", mtp: false }),
    size: { rows: maxRows, mtpRows: 0, use: use(start, maxRows) },
    at: start,
    begin: setStep(start, maxRows),
  });
  if (!evaluator.mtp) return all;
  rounds.draftFrom([], []);
  all.push({
    name: `round with a chain of ${links} drafts`,
    plan: await rounds.plan({ rows: 1 + links, sampled: false, seen: 1, links }),
    size: { rows: 1 + links, mtpRows: 1, use: use(at, 1 + links) },
    at,
    begin: () => {
      const ids = anyIds(1, model.h.vocabulary);
      queue.writeBuffer(rounds.draw.mtp, 0, stepWords(at, ids));
      rounds.set({ most: links, cut: [], acceptance: new Array<number>(acceptanceBuckets).fill(1) });
      setStep(at, 1)();
    },
  });
  return all;
}
