import { UserError } from "../../errors/index.ts";
import { chooseVariants, Rounds } from "../../generate/index.ts";
import { type Choices, createKernelChoices, hasTimestamps } from "../../gpu/index.ts";
import { maxRows, productVersion } from "../../model/index.ts";
import {
  fileOf,
  type ModelOptions,
  type OpenModel,
  printJson,
  say,
  withFile,
  withModel,
} from "../commands/index.ts";
import { measureBandwidth } from "./bandwidth.ts";
import { pieces } from "./pieces.ts";
import { printProfile } from "./print_profile.ts";
import type { ProfileReport } from "./profile_report.ts";
import { type StepProfile, stepProfile } from "./step_profile.ts";
import { timePlan } from "./time_plan.ts";

export interface ProfileModelCommand extends Pick<ModelOptions, "device" | "context" | "kv" | "memory"> {
  /** Rows of the verify passes. */
  readonly rows?: readonly number[];
  /** Positions before what is run. */
  readonly at?: number;
  /** Measures the variants of kernels again. */
  readonly choose?: boolean;
  /** Counted runs of each kind. */
  readonly rounds: number;
  readonly json?: boolean;
}

const defaultRows = [4];

/**
 * `foretype profile MODEL`: times a decode step, verify passes, a piece of prompt and a round with a chain of MTP drafts, kernel by
 * kernel, by the GPU's clock.
 */
export async function profileModel(name: string, options: ProfileModelCommand): Promise<void> {
  const path = await fileOf(name);
  const hasMtp = await withFile(path, async ({ h }) => h.mtpLayers > 0);
  const wishes = { ...options, timestamps: true, draft: hasMtp ? "mtp" : "off", rollback: "tape" } as const;
  await withModel(path, wishes, async (open) => {
    const choices = await choicesFor(open, options.choose ?? false);
    const report = { ...(await profileOf(name, open, options)), choices };
    if (options.json) printJson(report);
    else printProfile(report);
  });
}

/** What was chosen on the device, or is now: a software device is measured when it is asked for, and keeps its kernels. */
async function choicesFor({ gpu, model }: OpenModel, measure: boolean): Promise<Choices> {
  const known = createKernelChoices({ version: productVersion, log: say });
  if (!measure) return gpu.software ? {} : known.of(gpu.identity);
  const choices = (await chooseVariants(gpu, model, {
    onWrong: (message) => say(`not used on this device: ${message}`),
  }))!;
  if (!gpu.software && !known.off) known.remember(gpu.identity, choices);
  return choices;
}

/** Profiles an open model. Its session's text is forgotten. @throws UserError where the context is too short */
export async function profileOf(
  name: string,
  { gpu, session }: Pick<OpenModel, "gpu" | "session">,
  { rows = defaultRows, at = 0, rounds: runs }: Pick<ProfileModelCommand, "rows" | "at" | "rounds">,
): Promise<Omit<ProfileReport, "choices">> {
  const { evaluator } = session;
  const { context } = evaluator;
  const most = context - maxRows;
  if (at > most) {
    throw new UserError({
      code: "usage",
      problem: `A pass of ${maxRows} rows after ${at} positions does not fit a context of ${context}`,
      advice: `choose at most ${Math.max(0, most)} for --at, or a larger --context`,
    });
  }
  const notes: string[] = [];
  if (!hasTimestamps(gpu)) {
    notes.push(
      `${gpu.description} lets no program read its clock, so steps are timed as a whole by the host's clock, and kernels are not timed.`,
    );
  }
  if (gpu.software) {
    notes.push(
      "This device computes on the CPU, whose arithmetic is the limit, so nothing is told as a share of the bandwidth.",
    );
  }
  const bandwidth = await measureBandwidth(gpu, runs).catch((error: unknown) => {
    if (!(error instanceof UserError)) throw error;
    notes.push(error.message);
    return null;
  });
  const steps: StepProfile[] = [];
  const rounds = new Rounds(evaluator, maxRows);
  evaluator.reset();
  await evaluator.sequence.prepare();
  try {
    for (const piece of await pieces(evaluator, rounds, { rows, at })) {
      const times = await timePlan(evaluator, piece.plan, piece.size.use, { begin: piece.begin, runs });
      steps.push(stepProfile(evaluator, piece, times, bandwidth));
    }
  } finally {
    rounds.free();
  }
  const { kvType } = evaluator.sequence.memory;
  return { model: name, device: gpu.description, context, kvType, at, runs, bandwidth, steps, notes };
}
