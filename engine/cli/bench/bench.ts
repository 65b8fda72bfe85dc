import { cpus } from "node:os";
import { inOneLine, quoted, UserError } from "../../errors/index.ts";
import { type Gpu, mebibytes, softwareManifest } from "../../gpu/index.ts";
import { loadModel } from "../../model/index.ts";
import {
  fileOf,
  type ModelOptions,
  median,
  milliseconds,
  type OpenModel,
  prepare,
  printJson,
  readText,
  table,
  withModel,
} from "../commands/index.ts";
import { benchMtp, type DraftsReport, printMtp } from "./drafts.ts";
import { benchEdit, type EditReport, printEdit } from "./edit.ts";
import { type Peer, startPeer } from "./peer_llama.ts";
import { benchStart } from "./process_start.ts";
import { benchPrompt } from "./prompts.ts";
import { decodeRate, generateFrom, promptRate } from "./start.ts";
import { benchTyping, printTyping, type TypingReport } from "./typing.ts";

export const suites = ["load", "prefill", "decode", "mtp", "edit", "typing", "start"] as const;
/** What runs when no suite is named: the others take minutes, typing at human speed. */
export const defaultSuites = ["load", "prefill", "decode"] as const satisfies readonly Suite[];
export type Suite = (typeof suites)[number];

/** What each suite starts from. Kernels are warm in all of them: what runs first is not counted. */
const starts: Record<Suite, string> = {
  load: "the file in the system's cache",
  prefill: "a cold prompt: no state of it is kept",
  decode: "a cold prompt, read before the time begins; the step's counts from a kept state",
  mtp: "a cold prompt for each run of a text, read by the MTP block too where it drafts",
  edit: "a cold prompt for each run, read before the time begins",
  typing: "a new process; later keys continue from kept states, as in the editor",
  start:
    "a new process for each round; file and kernels in the system's and the driver's cache, as far as they keep them",
};

export interface BenchCommand extends ModelOptions {
  readonly suites: readonly Suite[];
  readonly rounds: number;
  readonly peer?: boolean;
  readonly compare?: string;
  readonly json?: boolean;
}

/** Median and range of the counted rounds; ratios compare medians of one run. */
export interface Measure {
  readonly unit: "ms/token" | "ms" | "tok/s";
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly peer?: { readonly median: number; readonly ratio: number };
}

/** What one decode step is made of. */
export interface StepReport {
  readonly dispatches: number;
  readonly dispatchesByPart: Readonly<Record<string, number>>;
  readonly bytesBound: number;
  readonly hostMicroseconds: number;
  /** Buffers, bind groups and pipelines that 64 steps made. */
  readonly objectsMade: number;
  readonly submits: number;
  readonly bytesReadBack: number;
}

export interface BenchReport {
  readonly device: string;
  readonly peer: string | null;
  readonly cpu: string;
  readonly model: string;
  readonly rounds: number;
  /** What each suite that ran started from. */
  readonly starts: Partial<Record<Suite, string>>;
  readonly measures: Record<string, Measure>;
  readonly step?: StepReport;
  readonly mtp?: DraftsReport;
  readonly edit?: EditReport;
  readonly typing?: TypingReport;
}

const decodeTokens = 64;
const decodePrompt = 64;

const measure = (unit: Measure["unit"], values: readonly number[], peer?: readonly number[]): Measure => {
  const middle = median(values);
  const base = { unit, median: middle, min: Math.min(...values), max: Math.max(...values) };
  if (!peer || peer.length === 0) return base;
  const other = median(peer);
  // A ratio above 1 means that we are faster.
  return { ...base, peer: { median: other, ratio: unit === "tok/s" ? middle / other : other / middle } };
};

/** `foretype bench`: medians from one run, ours and the peer's in turns. */
export async function bench(name: string, options: BenchCommand): Promise<void> {
  const earlier = options.compare === undefined ? undefined : await readReport(options.compare);
  await withModel(name, options, async (open) => {
    const { gpu, session } = open;
    await prepare(session);
    const peer = options.peer ? await openPeer(name, gpu, session.evaluator.context) : undefined;
    try {
      const report = await runSuites(name, options, open, peer);
      if (options.json) printJson(earlier ? { ...report, compared: ratios(report, earlier) } : report);
      else print(report, earlier);
    } finally {
      await peer?.close();
    }
  });
}

/** Runs what was chosen, one suite after the other. @throws UserError for a suite that the model cannot run */
async function runSuites(
  name: string,
  { suites, rounds, device }: BenchCommand,
  open: OpenModel,
  peer: Peer | undefined,
): Promise<BenchReport> {
  const wants = (suite: Suite) => suites.includes(suite);
  if (wants("mtp") && !open.model.mtp) {
    throw new UserError({
      code: "model-role",
      problem: `${name} has no MTP block to draft with`,
      advice: "choose another model, or other suites",
    });
  }
  const measures: Record<string, Measure> = {};
  if (wants("load")) Object.assign(measures, await benchLoad(open, rounds));
  if (wants("prefill")) Object.assign(measures, await benchPrefill(open, rounds, peer));
  if (wants("decode")) Object.assign(measures, await benchDecode(open, rounds, peer));
  if (wants("start")) {
    for (const [stage, times] of Object.entries(await benchStart(name, device, rounds)))
      measures[stage] = measure("ms", times);
  }
  const step = wants("decode") ? await describeStep(open) : undefined;
  const mtp = wants("mtp") ? await benchMtp(open) : undefined;
  const edit = wants("edit") ? await benchEdit(open) : undefined;
  const typing = wants("typing") ? await benchTyping(name, device, open) : undefined;
  return {
    device: open.gpu.description,
    peer: peer?.description ?? null,
    cpu: `${cpus().length} × ${cpus()[0]?.model ?? "unknown"}`,
    model: name,
    rounds,
    starts: Object.fromEntries(suites.map((suite) => [suite, starts[suite]])),
    measures,
    ...(step && { step }),
    ...(mtp && { mtp }),
    ...(edit && { edit }),
    ...(typing && { typing }),
  };
}

async function openPeer(name: string, gpu: Gpu, contextSize: number): Promise<Peer> {
  console.error("Starting llama.cpp; where it has not run before, its shaders compile for minutes.");
  const icd = gpu.softwareDevice && softwareManifest(gpu.softwareDevice);
  return startPeer(await fileOf(name), { backend: "vulkan", contextSize, ...(icd ? { icd } : {}) });
}

async function benchLoad({ gpu, file, h }: OpenModel, rounds: number): Promise<Record<string, Measure>> {
  const times: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const started = performance.now();
    const model = await loadModel(gpu, file, undefined, h);
    if (round > 0) times.push(performance.now() - started);
    model.free();
  }
  return { "load, weights to the GPU": measure("ms", times) };
}

async function benchPrefill(
  open: OpenModel,
  rounds: number,
  peer: Peer | undefined,
): Promise<Record<string, Measure>> {
  const { session, h } = open;
  const results: Record<string, Measure> = {};
  const fits = (length: number) => length < session.evaluator.context;
  for (const length of [64, 256, 448, 1024, 4096].filter(fits)) {
    const ids = benchPrompt(length, h.vocabulary);
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round <= rounds; round++) {
      const { timings } = await generateFrom("cold prompt", session, ids, { maxTokens: 1 });
      const other = await peer?.prefill(ids);
      if (round === 0) continue; // the first round compiles and warms up
      ours.push(promptRate(timings));
      if (other !== undefined) theirs.push((length * 1000) / other);
    }
    results[`prefill, ${length} tokens`] = measure("tok/s", ours, theirs);
  }
  return results;
}

async function benchDecode(
  open: OpenModel,
  rounds: number,
  peer: Peer | undefined,
): Promise<Record<string, Measure>> {
  const { session, h } = open;
  const { context } = session.evaluator;
  const needed = decodePrompt + decodeTokens + 1;
  if (context < needed) {
    throw new UserError({
      code: "usage",
      problem: `The decode suite needs a context of ${needed} and it is ${context}`,
      advice: "choose a larger one or other suites",
    });
  }
  const ids = benchPrompt(decodePrompt, h.vocabulary);
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const options = { maxTokens: decodeTokens + 1, drafts: "off" } as const;
    const { timings } = await generateFrom("cold prompt", session, ids, options);
    const other = await peer?.decode(ids, decodeTokens);
    if (round === 0) continue;
    ours.push(1000 / decodeRate(timings));
    if (other) theirs.push(other.msPerToken);
  }
  return { [`decode, ${decodeTokens} tokens after ${decodePrompt}`]: measure("ms/token", ours, theirs) };
}

/** What one decode step is made of, from its plan and the counters. */
export async function describeStep({ gpu, session, h }: OpenModel): Promise<StepReport> {
  const plan = await session.decodePlan(false);
  const prompt = benchPrompt(decodePrompt, h.vocabulary);
  await generateFrom("cold prompt", session, prompt, { maxTokens: 1 }); // its state is kept from here on
  const before = { ...gpu.counters };
  const options = { maxTokens: decodeTokens, drafts: "off" } as const;
  const { timings } = await generateFrom("kept state", session, prompt, options);
  const { steps, hostMs, promptSubmits } = timings;
  const made = (["buffers", "bindGroups", "pipelines"] as const).reduce(
    (sum, key) => sum + gpu.counters[key] - before[key],
    0,
  );
  return {
    dispatches: plan.dispatches.length,
    dispatchesByPart: Object.fromEntries(plan.dispatchesByPart()),
    bytesBound: plan.bytesBound,
    hostMicroseconds: (hostMs * 1000) / steps,
    objectsMade: made,
    submits: (gpu.counters.submits - before.submits - promptSubmits) / steps,
    bytesReadBack: (gpu.counters.bytesReadBack - before.bytesReadBack) / steps,
  };
}

async function readReport(path: string): Promise<BenchReport> {
  const text = await readText(path);
  try {
    const report = JSON.parse(text) as BenchReport;
    if (typeof report?.measures !== "object" || report.measures === null)
      throw new Error("it has no measures");
    const bad = Object.entries(report.measures).find(([, it]) => !Number.isFinite(it?.median));
    if (bad) throw new Error(`${quoted(inOneLine(bad[0]))} has no median`);
    return report;
  } catch (error) {
    const why = error instanceof SyntaxError ? "it is not JSON" : (error as Error).message;
    throw new UserError({
      code: "file-damaged",
      problem: `${path} is not a report of bench (${why})`,
      advice: `write one with \`foretype bench --json\``,
      path,
    });
  }
}

/** Ours over the earlier report's, above 1 where this run is faster. */
const ratios = (report: BenchReport, earlier: BenchReport): Record<string, number> =>
  Object.fromEntries(
    Object.entries(report.measures).flatMap(([name, now]) => {
      const before = earlier.measures[name];
      return before
        ? [[name, now.unit === "tok/s" ? now.median / before.median : before.median / now.median]]
        : [];
    }),
  );

function print(report: BenchReport, earlier: BenchReport | undefined): void {
  const compared = earlier && ratios(report, earlier);
  console.log(
    `${inOneLine(report.model)} on ${report.device}; ${report.cpu}; medians of ${report.rounds} rounds`,
  );
  for (const [suite, start] of Object.entries(report.starts)) console.log(`${suite} starts from ${start}`);
  if (report.peer) console.log(`peer: ${report.peer}`);
  const header = [
    "",
    "median",
    "min–max",
    "",
    ...(report.peer ? ["peer", "ratio"] : []),
    ...(compared ? ["to earlier"] : []),
  ];
  const rows = Object.entries(report.measures).map(([name, it]) => [
    name,
    it.median.toFixed(2),
    `${it.min.toFixed(2)}–${it.max.toFixed(2)}`,
    it.unit,
    ...(report.peer
      ? it.peer
        ? [it.peer.median.toFixed(2), `${it.peer.ratio.toFixed(2)}×`]
        : ["", ""]
      : []),
    ...(compared ? [compared[name] ? `${compared[name].toFixed(2)}×` : ""] : []),
  ]);
  if (rows.length > 0) console.log(table([header, ...rows]));
  if (report.mtp) printMtp(report.mtp);
  if (report.edit) printEdit(report.edit);
  if (report.typing) printTyping(report.typing);
  if (report.step) printStep(report.step);
}

function printStep(step: StepReport): void {
  const parts = Object.entries(step.dispatchesByPart).map(([part, n]) => `${part} ${n}`);
  console.log(
    [
      `\nA decode step: ${step.dispatches} dispatches (${parts.join(", ")}),`,
      `${mebibytes(step.bytesBound)} bound, ${milliseconds(step.hostMicroseconds / 1000)} on the host,`,
      `${step.submits} submit, ${step.bytesReadBack} bytes read back, ${step.objectsMade} objects made.`,
    ].join(" "),
  );
}
