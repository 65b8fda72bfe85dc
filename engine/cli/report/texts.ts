import { benchPrompt, decodeRate, generateFrom, promptRate } from "../bench/index.ts";
import type { OpenModel } from "../commands/index.ts";
import { type Bandwidth, totalOf, trafficReader } from "../profile/index.ts";
import { type Budget, shareOf } from "./budget.ts";
import type { Step } from "./run_steps.ts";
import { type Line, lineOf } from "./speed_report.ts";

/** Lengths of prompts; decoding after them is timed for those in `depths`. The first is a single token. */
const lengths = { all: [1, 128, 512, 2048, 8192, 32_768], quick: [1, 128, 512, 2048] };
const depths = [1, 2048, 8192, 32_768];
/** A context shorter than this gets a length of its own in place of those that it lacks. */
const shortContext = 2048;
const decodeTokens = { all: 64, quick: 32 };
const runs = { all: 3, quick: 2 };
/** From this length on a run is long enough not to need a first that is not counted. */
const longLength = 2048;

/** What later steps are estimated by. */
export interface Rates {
  promptMs?: number;
  tokenMs?: number;
}

interface Texts {
  readonly open: OpenModel;
  readonly quick: boolean;
  readonly budget: Budget;
  readonly signal: AbortSignal;
  /** What was measured; read when a step ends. */
  readonly bandwidth: () => Bandwidth | null;
  readonly rates: Rates;
}

/** Names a number of positions as people do: 2k, 8k. */
const short = (count: number): string =>
  count >= 1024 && count % 1024 === 0 ? `${count / 1024}k` : `${count}`;

/** Reading prompts and decoding after them, the shortest first. */
export function textSteps(texts: Texts): Step[] {
  const { context } = texts.open.session.evaluator;
  const kind = texts.quick ? "quick" : "all";
  const room = context - decodeTokens[kind] - 1;
  const own = context <= shortContext ? [Math.floor(room / 64) * 64] : [];
  const wanted = [...new Set([...lengths[kind], ...own])].sort((a, b) => a - b);
  const decodes = new Set([...depths, ...own]);
  return wanted.map((length) => stepOf(texts, length, decodes.has(length), room, kind));
}

function stepOf(texts: Texts, length: number, decodes: boolean, room: number, kind: "all" | "quick"): Step {
  const { open, rates } = texts;
  const count = runs[kind];
  const tokens = decodes ? decodeTokens[kind] : 1;
  const what =
    length === 1
      ? "decoding at 0 positions"
      : `a prompt of ${short(length)}${decodes ? ", and decoding after it" : ""}`;
  const { contextLength } = open.h;
  const { context } = open.session.evaluator;
  return {
    id: `text ${length}`,
    label: what,
    impossible:
      length <= room
        ? undefined
        : contextLength < length + tokens
          ? `the model was trained for ${contextLength} positions`
          : `${context} positions of context are there, and ${length + tokens + 1} are needed`,
    estimateMs: () => {
      if (rates.promptMs === undefined || rates.tokenMs === undefined) return undefined;
      return rates.promptMs * length + rates.tokenMs * tokens; // of one run: the others depend on the time
    },
    run: async () => {
      const { prompts, decode } = await timeText(texts, { length, tokens, count });
      if (length > 1) rates.promptMs = 1000 / Math.min(...prompts);
      if (!decodes) return { lines: [promptLine(length, prompts)] };
      rates.tokenMs = Math.max(...decode);
      const line = await decodeLine(texts, length, tokens, decode);
      return { lines: length > 1 ? [line, promptLine(length, prompts)] : [line] };
    },
  };
}

/** Tokens a second of the prompt, and milliseconds a token after it, of `count` runs or as many as there is time for. */
async function timeText(
  { open, budget, signal }: Texts,
  { length, tokens, count }: { length: number; tokens: number; count: number },
): Promise<{ prompts: number[]; decode: number[] }> {
  const prompts: number[] = [];
  const decode: number[] = [];
  const ids = benchPrompt(length, open.h.vocabulary);
  const isLong = length >= longLength;
  const isTime = shareOf(budget, 1 / 8);
  for (let run = isLong ? 1 : 0; run <= count; run++) {
    const options = { maxTokens: tokens + 1, drafts: "off", signal } as const;
    const { timings, reason } = await generateFrom("cold prompt", open.session, ids, options);
    if (reason === "cancelled") throw new Error("the signal aborted");
    if (run === 0) continue;
    prompts.push(promptRate(timings));
    decode.push(1000 / decodeRate(timings));
    if (!isTime()) break; // one run is a measurement too
  }
  return { prompts, decode };
}

const promptLine = (length: number, values: readonly number[]): Line =>
  lineOf(
    {
      id: `prefill ${length}`,
      group: "prefill",
      label: `a prompt of ${short(length)}`,
      at: length,
      unit: "tok/s",
      better: "more",
    },
    values,
  );

async function decodeLine(
  { open, bandwidth }: Texts,
  length: number,
  tokens: number,
  values: readonly number[],
): Promise<Line> {
  const at = length === 1 ? 0 : length;
  const given = { id: `decode ${at}`, group: "decode", label: `decoding after ${short(at)}`, at } as const;
  const line = lineOf({ ...given, unit: "ms/token", better: "less" }, values);
  const { evaluator } = open.session;
  const plan = await open.session.decodePlan(false);
  const trafficOf = trafficReader(evaluator);
  const use = { positions: length + Math.ceil(tokens / 2), replay: 0 };
  const bytes = plan.dispatches.reduce(
    (sum, dispatch) => sum + totalOf(trafficOf(dispatch, { rows: 1, mtpRows: 0, use })),
    0,
  );
  const bytesPerSecond = (bytes * 1000) / line.median;
  const measured = bandwidth();
  const isLimited = measured !== null && !open.gpu.software;
  return {
    ...line,
    bytesPerSecond,
    ...(isLimited && { ofBandwidth: bytesPerSecond / measured.bytesPerSecond }),
  };
}
