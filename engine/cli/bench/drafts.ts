import type { DraftMode } from "../../draft/index.ts";
import { UserError } from "../../errors/index.ts";
import {
  type GenerationResult,
  openSession,
  type Session,
  type SessionSettings,
} from "../../generate/index.ts";
import { greedy } from "../../model/index.ts";
import { planeBytes, tapeBytes } from "../../state/index.ts";
import type { OpenModel } from "../commands/index.ts";
import { median, table } from "../commands/index.ts";
import { benchPrompt, draftPrompts } from "./prompts.ts";
import { decodeRate, generateFrom, promptRate } from "./start.ts";
import { type StrategyReport, strategies, type VerifyCost, verifyCosts } from "./strategies.ts";

/** Tokens of each text, as in the benchmarks of others. */
const textTokens = 192;
export const runs = 3;
/** Links of the chain: what other engines draft by default. */
const links = 3;

export interface TextReport {
  readonly drafted: number;
  readonly accepted: number;
  /** Tokens a second, median of the runs. */
  readonly plain: number;
  readonly withDrafts: number;
  /** Runs that stray from their median by more than 5 %. */
  readonly stray: number;
}

export interface DraftsReport {
  readonly tokens: number;
  readonly texts: Readonly<Record<string, TextReport>>;
  readonly accepted: number;
  readonly drafted: number;
  /** Seconds of all texts, medians added. */
  readonly seconds: { readonly plain: number; readonly withDrafts: number };
  /** Plain over drafted time: above 1 drafts are quicker. */
  readonly ratio: number;
  /** Tokens of prompt a second, with and without the MTP block beside the trunk. */
  readonly prefill: { readonly tokens: number; readonly plain: number; readonly withMtp: number };
  readonly byDepth: readonly number[];
  readonly round: { readonly submits: number; readonly bytesReadBack: number; readonly dispatches: number };
  readonly verify: readonly VerifyCost[];
  readonly strategies: readonly StrategyReport[];
  /** Bytes that drafts hold: tape rows for drafts of 3 and of 64 rows, and a plane a row instead. */
  readonly bytes: {
    readonly tape3: number;
    readonly tape64: number;
    readonly planes4: number;
    readonly plane: number;
  };
}

/** A session that drafts as the mtp suite does. @param context positions; default: those of the session that is open */
export const openMtpSession = (open: OpenModel, context = open.session.evaluator.context): Promise<Session> =>
  openSession(
    open.gpu,
    open.model,
    open.tokenizer,
    settingsOf(open, "mtp", { longest: links, rollback: "tape", context }),
  );

/** How a session for drafts is opened beside the one that the command opened. */
export const settingsOf = (
  { session }: OpenModel,
  drafts: DraftMode,
  more: Partial<SessionSettings> = {},
): SessionSettings => ({
  context: session.evaluator.context,
  kvType: session.evaluator.sequence.memory.kvType,
  drafts,
  ...more,
});

/** `bench --suite mtp`: nine kinds of text, with chains of three MTP drafts and without. */
export async function benchMtp(open: OpenModel): Promise<DraftsReport> {
  const { gpu, tokenizer, h } = open;
  const session = await openMtpSession(open);
  try {
    const texts: Record<string, TextReport> = {};
    const seconds = { plain: 0, withDrafts: 0 };
    const depths: { judged: number; accepted: number }[] = [];
    const round = { submits: 0, bytesReadBack: 0, dispatches: 0 };
    for (const [kind, text] of Object.entries(draftPrompts)) {
      const prompt = tokenizer.encode(text, { special: false });
      const rates = { off: [] as number[], mtp: [] as number[] };
      let drafts: GenerationResult["drafts"] | undefined; // of the last run
      for (let run = 0; run <= runs; run++) {
        for (const mode of ["off", "mtp"] as const) {
          const before = { ...gpu.counters };
          const result = await writeText(session, prompt, mode);
          if (run === 0) continue; // compiles and warms up
          const { steps, promptSubmits } = result.timings;
          rates[mode].push(decodeRate(result.timings));
          if (mode === "off") continue;
          requireSameCounts(kind, drafts, result.drafts);
          drafts = result.drafts;
          round.submits = (gpu.counters.submits - before.submits - promptSubmits) / steps;
          round.bytesReadBack = (gpu.counters.bytesReadBack - before.bytesReadBack) / steps;
          round.dispatches = (gpu.counters.dispatches - before.dispatches) / steps;
        }
      }
      for (const [i, { judged, accepted: hits }] of drafts!.byDepth.entries()) {
        depths[i] ??= { judged: 0, accepted: 0 };
        depths[i].judged += judged;
        depths[i].accepted += hits;
      }
      const [plain, withDrafts] = [median(rates.off), median(rates.mtp)];
      const stray = [...rates.off.map((it) => it / plain), ...rates.mtp.map((it) => it / withDrafts)];
      texts[kind] = {
        drafted: drafts!.drafted,
        accepted: drafts!.accepted,
        plain,
        withDrafts,
        stray: stray.filter((it) => Math.abs(it - 1) > 0.05).length,
      };
      seconds.plain += textTokens / plain;
      seconds.withDrafts += textTokens / withDrafts;
    }
    const sum = (of: (text: TextReport) => number) =>
      Object.values(texts).reduce((total, it) => total + of(it), 0);
    return {
      tokens: textTokens,
      texts,
      drafted: sum((it) => it.drafted),
      accepted: sum((it) => it.accepted),
      seconds,
      ratio: seconds.plain / seconds.withDrafts,
      prefill: await prefill(session, h.vocabulary),
      byDepth: depths.map(({ judged, accepted }) => accepted / judged),
      round,
      verify: await verifyCosts(session.evaluator),
      strategies: await strategies(open, links),
      bytes: {
        tape3: tapeBytes(h, 3 + 3 + 4), // convolution, accepted drafts, a pass
        tape64: tapeBytes(h, 3 + 64 + 64),
        planes4: 4 * planeBytes(h),
        plane: planeBytes(h),
      },
    };
  } finally {
    session.free();
  }
}

/** Every run starts from a cold prompt: a state that was kept without drafts would lack what the MTP block has seen of the prompt. */
export const writeText = (
  session: Session,
  prompt: readonly number[],
  drafts: DraftMode,
  more: { original?: readonly number[]; maxTokens?: number; signal?: AbortSignal } = {},
): Promise<GenerationResult> =>
  generateFrom("cold prompt", session, prompt, { maxTokens: textTokens, sampling: greedy, drafts, ...more });

/** @throws UserError where a run drafted otherwise than the one before: they did not start from the same state */
export function requireSameCounts(
  text: string,
  before: GenerationResult["drafts"] | undefined,
  { drafted, accepted }: GenerationResult["drafts"],
): void {
  if (!before || (before.drafted === drafted && before.accepted === accepted)) return;
  throw new UserError({
    code: "benchmark",
    problem: `Two runs of "${text}" had ${before.accepted} of ${before.drafted} and ${accepted} of ${drafted} drafts accepted`,
    advice: "this is a fault of the benchmark, please report it",
  });
}

async function prefill(session: Session, vocabulary: number): Promise<DraftsReport["prefill"]> {
  const tokens = Math.min(1024, session.evaluator.context - 64);
  const prompt = benchPrompt(tokens, vocabulary);
  const rates = { off: [] as number[], mtp: [] as number[] };
  for (let run = 0; run <= runs; run++) {
    for (const mode of ["off", "mtp"] as const) {
      const { timings } = await writeText(session, prompt, mode, { maxTokens: 1 });
      if (run > 0) rates[mode].push(promptRate(timings));
    }
  }
  return { tokens, plain: median(rates.off), withMtp: median(rates.mtp) };
}

const percent = (part: number, whole: number): string =>
  whole === 0 ? "–" : `${((100 * part) / whole).toFixed(1)} %`;
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

export function printMtp(report: DraftsReport): void {
  const rows = Object.entries(report.texts).map(([kind, it]) => [
    kind,
    `${it.accepted} of ${it.drafted}`,
    percent(it.accepted, it.drafted),
    it.plain.toFixed(1),
    it.withDrafts.toFixed(1),
    `${(it.withDrafts / it.plain).toFixed(2)}×`,
    it.stray > 0 ? `${it.stray} of ${2 * runs} runs stray` : "",
  ]);
  const head = [`${report.tokens} tokens`, "accepted", "", "tok/s plain", "with drafts", "", ""];
  console.log(`\n${table([head, ...rows])}`);
  const { seconds, prefill: read, round, bytes } = report;
  console.log(
    `All: ${report.accepted} of ${report.drafted} accepted, ${percent(report.accepted, report.drafted)}; ` +
      `${report.byDepth.map((it) => percent(it, 1)).join(", ")} at depth 1, 2, …; ` +
      `${seconds.plain.toFixed(1)} s plain, ${seconds.withDrafts.toFixed(1)} s with drafts: ${report.ratio.toFixed(2)}×.`,
  );
  console.log(
    `Prompt of ${read.tokens}: ${read.plain.toFixed(0)} tok/s, ${read.withMtp.toFixed(0)} with the MTP block. ` +
      `A round: ${round.submits.toFixed(2)} submits, ${round.bytesReadBack.toFixed(0)} bytes read back, ${round.dispatches.toFixed(0)} dispatches. ` +
      `Tape for drafts of 3 rows ${megabytes(bytes.tape3)}, of 64 ${megabytes(bytes.tape64)}; four planes ${megabytes(bytes.planes4)}.`,
  );
  console.log(
    `\n${table([
      ["rows", ...report.verify.map(({ rows: count }) => String(count))],
      ["verify, times one row", ...report.verify.map(({ ratio }) => ratio.toFixed(2))],
    ])}`,
  );
  console.log(
    `\n${table([
      ["strategy", "acceptance", "tok/s", "to plain", "ms a round", "with 1, 2, 3 rejected"],
      ...report.strategies.map((it) => [
        it.strategy,
        it.acceptance.toFixed(1),
        it.tokensPerSecond.toFixed(1),
        `${it.ratio.toFixed(2)}×`,
        it.roundMs.toFixed(2),
        it.rejectedMs.map((ms) => `${(ms / it.acceptedMs).toFixed(2)}×`).join(", "),
      ]),
    ])}`,
  );
}
