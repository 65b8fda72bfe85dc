import { longestChain } from "../draft/index.ts";
import type { Plan } from "../gpu/index.ts";
import { type Evaluator, widthFor, widths } from "./evaluator.ts";
import { type PromptReader, rowPass } from "./prompt.ts";
import type { Rounds } from "./rounds.ts";

/** What a session's plans are recorded with. */
export interface PlanParts {
  readonly evaluator: Evaluator;
  readonly rounds: Rounds;
  readonly prompts: PromptReader;
  /** Longest draft. */
  readonly longest: number;
}

/**
 * Every plan that a session's generations run on, by what it does; of rounds with chains, those whose block sees what a round of the
 * same chain sampled.
 * @param rows of the passes to leave it at, each 1 to `maxRows`; default: all
 */
export async function sessionPlans(
  { evaluator, rounds, prompts, longest }: PlanParts,
  rows: readonly number[] = widths,
): Promise<ReadonlyMap<string, Plan>> {
  const { mtp } = evaluator;
  const plans = new Map<string, Plan>();
  const most = 1 + longest;
  const wanted = widths.filter((width) => rows.some((count) => widthFor(count) === width));
  plans.set("prompt", await prompts.plan(mtp));
  plans.set("replay", await evaluator.sequence.prepare());
  for (const width of wanted) plans.set(`pass ${width}`, await evaluator.passPlan(width, rowPass(mtp)));
  for (const width of wanted) {
    if (width > 1 && width > most) continue;
    plans.set(`round ${width}`, await rounds.plan({ rows: width, sampled: false }));
    plans.set(`round ${width}, sampled`, await rounds.plan({ rows: width, sampled: true }));
  }
  for (const sampled of [false, true]) {
    const name = `round 1${sampled ? ", sampled" : ""}, masked`;
    plans.set(name, await rounds.plan({ rows: 1, sampled, masked: true }));
  }
  if (!mtp || longest === 0) return plans;
  for (const width of wanted) {
    const plan = await rounds.plan({ rows: 1, sampled: false, seen: width, links: 0 });
    plans.set(`round 1, the MTP block sees ${width}`, plan);
  }
  for (let links = 1; links <= Math.min(longest, longestChain); links++) {
    const count = 1 + links;
    if (!wanted.some((width) => width >= count)) break;
    const plan = await rounds.plan({ rows: count, sampled: false, seen: count, links });
    plans.set(`round ${count}, chain of ${links}`, plan);
  }
  return plans;
}
