import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { UserError } from "../../errors/index.ts";
import { maxRows } from "../../model/index.ts";
import { writeWholeSync } from "../../system/index.ts";
import { type ModelOptions, type OpenModel, prepare, printJson, withModel } from "../commands/index.ts";
import { type Bandwidth, measureBandwidth } from "../profile/index.ts";
import { aboutOf } from "./about.ts";
import { type Budget, createBudget } from "./budget.ts";
import { compareReports } from "./compare.ts";
import { htmlOf, readPageParts } from "./html.ts";
import { markdownOf } from "./markdown.ts";
import { draftStep, rowStep } from "./passes.ts";
import { runSteps, type Step } from "./run_steps.ts";
import { lineOf, readSpeedReport, reportFormat, reportVersion, type SpeedReport } from "./speed_report.ts";
import { type Rates, textSteps } from "./texts.ts";

export interface ReportCommand extends Pick<ModelOptions, "device" | "context" | "kv" | "memory"> {
  /** The folder to write into. */
  readonly report: string;
  readonly quick?: boolean;
  /** Seconds. Default: ten minutes, or two with `quick`. */
  readonly budget?: number;
  /** An earlier `report.json`. */
  readonly compare?: string;
  readonly json?: boolean;
}

const defaultBudget = { all: 600, quick: 120 };
/** Positions for the longest prompt that is measured, what is decoded after it, and a pass. */
const contextWished = 32_768 + 2 * maxRows + 1;

/**
 * `foretype bench MODEL --report FOLDER`: measures what a model costs on a device within a budget of time, and leaves a page, a table
 * and all numbers in the folder. Ctrl+C ends it with what it has.
 */
export async function benchReport(name: string, options: ReportCommand): Promise<void> {
  const { report: folder, quick = false, compare } = options;
  const budget = createBudget(options.budget ?? defaultBudget[quick ? "quick" : "all"], () =>
    performance.now(),
  );
  const earlier = compare === undefined ? undefined : await readSpeedReport(compare);
  const page = await readPageParts();
  await requireFolder(folder); // before minutes are spent
  const wishes = { ...options, contextWished };
  await withModel(name, wishes, async (open) => {
    using interrupt = interruptible();
    const report = await measure(open, { budget, quick, signal: interrupt.signal });
    const comparison = earlier && compareReports(report, earlier);
    const markdown = markdownOf(report, comparison);
    const files = {
      "report.json": `${JSON.stringify(report, null, 2)}\n`,
      "report.md": markdown,
      "report.html": htmlOf({ report, comparison: comparison ?? null }, page),
    };
    // Printed first: what took minutes to measure is there also where the disk is full.
    if (options.json) printJson(report);
    else console.log(markdown);
    for (const [file, text] of Object.entries(files)) writeReport(join(folder, file), text);
    console.error(
      `Written: ${Object.keys(files)
        .map((file) => join(folder, file))
        .join(", ")}`,
    );
    if (report.ended !== null) process.exitCode = interrupt.signal.aborted ? 130 : 1;
  });
}

interface Measuring {
  readonly budget: Budget;
  readonly quick: boolean;
  readonly signal: AbortSignal;
}

/** Measures an open model. */
async function measure(open: OpenModel, { budget, quick, signal }: Measuring): Promise<SpeedReport> {
  const about = await aboutOf(open);
  const rates: Rates = {};
  let bandwidth: Bandwidth | null = null;
  const shared = { open, quick, budget, signal, rates, bandwidth: () => bandwidth };
  const texts = textSteps(shared);
  const steps: Step[] = [
    startStep(open),
    {
      id: "bandwidth",
      label: "reading memory from end to end",
      run: async () => {
        bandwidth = await measureBandwidth(open.gpu);
        return { lines: [] };
      },
    },
    ...texts.slice(0, 2),
    rowStep(shared),
    draftStep(shared),
    ...texts.slice(2), // the longest last: they may not fit the time
  ];
  const say = (text: string) => console.error(text);
  const ran = await runSteps(steps, { budget, signal, say, check: () => open.gpu.check() });
  return {
    format: reportFormat,
    version: reportVersion,
    madeAt: new Date().toISOString(),
    seconds: budget.spentMs() / 1000,
    budgetSeconds: budget.seconds,
    quick,
    about,
    bandwidth,
    ...ran,
  };
}

function startStep({ session, loadMs }: OpenModel): Step {
  return {
    id: "start",
    label: "preparing the kernels of a first token",
    run: async () => {
      const preparedMs = await prepare(session);
      const line = (id: string, label: string, ms: number) =>
        lineOf({ id, group: "load", label, at: null, unit: "ms", better: "less" }, [ms]);
      return {
        lines: [
          line("load", "weights to the GPU", loadMs),
          line("prepare", "kernels of a first token", preparedMs),
        ],
      };
    },
  };
}

/** @throws UserError where the folder cannot be made or written into */
async function requireFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    const probe = join(folder, `.foretype-${process.pid}`);
    await writeFile(probe, "");
    await rm(probe);
  } catch (error) {
    throw new UserError({
      code: "disk",
      problem: `${folder} cannot be written into (${(error as NodeJS.ErrnoException).code})`,
      advice: "name another folder",
      path: folder,
    });
  }
}

/** @throws UserError where the file cannot be written; an earlier one stays as it was */
function writeReport(path: string, text: string): void {
  try {
    writeWholeSync(path, text);
  } catch (error) {
    throw new UserError({
      code: "disk",
      problem: `${path} cannot be written (${(error as NodeJS.ErrnoException).code})`,
      advice: "free space there, or keep what is printed above",
      path,
    });
  }
}

/** A signal that Ctrl+C aborts, once; a second one ends the program. */
function interruptible(): { signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(130);
    console.error("Stopping: what was measured is written. Ctrl+C again ends it at once.");
    controller.abort();
  };
  process.on("SIGINT", stop);
  return { signal: controller.signal, [Symbol.dispose]: () => process.off("SIGINT", stop) };
}
