import { UserError } from "../../errors/index.ts";
import { type Budget, duration } from "./budget.ts";
import type { Line, Missing } from "./speed_report.ts";

/** One thing to measure. */
export interface Step {
  readonly id: string;
  readonly label: string;
  /** Why it cannot be measured here: a clause. */
  readonly impossible?: string | undefined;
  /** Milliseconds that it will take, by what was measured before; undefined where nothing tells. */
  estimateMs?(): number | undefined;
  /** @throws UserError where it cannot be measured; anything where the signal aborted meanwhile */
  run(): Promise<Measured>;
}

export interface Measured {
  readonly lines: readonly Line[];
  /** Why that is not all: a clause. */
  readonly cut?: string | undefined;
}

export interface Ran {
  readonly lines: readonly Line[];
  readonly missing: readonly Missing[];
  /** Why not all steps were tried: a clause. Null: all were. */
  readonly ended: string | null;
}

interface Running {
  readonly budget: Budget;
  readonly signal: AbortSignal;
  /** Hears which step begins. */
  readonly say: (text: string) => void;
  /** Throws once the device has failed, after which nothing can be measured. */
  readonly check: () => void;
}

/**
 * Runs steps one after the other. What does not fit the time that is left is left out, and so is what fails; both are told with their
 * reason. Ends early where the signal aborts or the device fails.
 */
export async function runSteps(
  steps: readonly Step[],
  { budget, signal, say, check }: Running,
): Promise<Ran> {
  const lines: Line[] = [];
  const missing: Missing[] = [];
  let ended: string | null = null;
  for (const [i, step] of steps.entries()) {
    const { id, label } = step;
    const skip = (reason: string) => missing.push({ id, label, reason });
    const reason = ended ?? step.impossible ?? outOfTime(step, budget);
    if (reason !== undefined) {
      skip(reason);
      continue;
    }
    say(`${i + 1} of ${steps.length}: ${label}, ${duration(budget.spentMs())} so far`);
    try {
      const { lines: measured, cut } = await step.run();
      lines.push(...measured);
      if (cut !== undefined) skip(cut);
    } catch (error) {
      ended = signal.aborted ? stopped : failureOf(check);
      if (ended === null && !(error instanceof UserError)) throw error;
      skip(ended ?? clauseOf(error as UserError));
    }
    if (signal.aborted) ended = stopped;
  }
  return { lines, missing, ended };
}

export const stopped = "it was stopped";

const clauseOf = ({ fault }: UserError): string => `${fault.problem}: ${fault.advice}`;

/** Undefined: there is time. */
function outOfTime(step: Step, budget: Budget): string | undefined {
  const left = budget.leftMs();
  if (left === 0) return `the ${duration(budget.seconds * 1000)} of the report were over`;
  const needed = step.estimateMs?.();
  if (needed === undefined || needed <= left) return undefined;
  return `it would take about ${duration(needed)}, and ${duration(left)} of the ${duration(budget.seconds * 1000)} were left`;
}

/** What the device says of its failure; null while it works. */
function failureOf(check: () => void): string | null {
  try {
    check();
    return null;
  } catch (error) {
    return error instanceof UserError ? clauseOf(error) : (error as Error).message;
  }
}
