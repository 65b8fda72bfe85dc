import type { Session } from "../../generate/index.ts";
import { decodeRate, draftPrompts, openMtpSession, verifyCosts, writeText } from "../bench/index.ts";
import type { OpenModel } from "../commands/index.ts";
import { type Budget, shareOf } from "./budget.ts";
import { type Step, stopped } from "./run_steps.ts";
import { type Line, lineOf } from "./speed_report.ts";
import type { Rates } from "./texts.ts";

interface Passes {
  readonly open: OpenModel;
  readonly quick: boolean;
  readonly budget: Budget;
  readonly signal: AbortSignal;
  readonly rates: Rates;
}

const rowCounts = { all: [1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 24, 32, 48, 64], quick: [1, 2, 4, 8, 16, 64] };

/** What passes over several rows cost. */
export function rowStep({ open, quick, budget, signal }: Passes): Step {
  return {
    id: "rows",
    label: "passes over 1 to 64 rows",
    run: async () => {
      const counts = quick ? rowCounts.quick : rowCounts.all;
      const isTime = shareOf(budget, 1 / 3);
      const mayGoOn = () => !signal.aborted && isTime();
      const costs = await verifyCosts(open.session.evaluator, counts, mayGoOn);
      open.session.forget();
      const lines = costs.map(({ rows, ratio, times }) =>
        lineOf(
          {
            id: `rows ${rows}`,
            group: "rows",
            label: rows === 1 ? "a pass of 1 row" : `a pass of ${rows} rows`,
            at: rows,
            unit: "ms",
            better: "less",
            timesOne: ratio,
          },
          times,
        ),
      );
      const cut = signal.aborted
        ? stopped
        : `a third of the time was over after ${costs.at(-1)?.rows ?? 0} rows`;
      return { lines, ...(lines.length < counts.length && { cut }) };
    },
  };
}

const textTokens = 192;
/** Room for a text's prompt and its tokens. */
const draftContext = 512;
const quickTexts = 3;

/** Acceptance and gain of MTP drafts, text by text. */
export function draftStep({ open, quick, budget, signal, rates }: Passes): Step {
  const kinds = Object.entries(draftPrompts).slice(0, quick ? quickTexts : undefined);
  const { context } = open.session.evaluator;
  return {
    id: "drafts",
    label: `drafts over ${kinds.length} texts`,
    impossible: !open.model.mtp
      ? "the model has no MTP block"
      : context < draftContext
        ? `${context} positions of context are there, and ${draftContext} are needed`
        : undefined,
    estimateMs: () => (rates.tokenMs === undefined ? undefined : 3 * textTokens * rates.tokenMs), // the first text, and its first run
    run: async () => {
      const session = await openMtpSession(open, draftContext);
      try {
        const texts = kinds.map(
          ([kind, text]) => [kind, open.tokenizer.encode(text, { special: false })] as const,
        );
        const done = await writeTexts(session, texts, signal, shareOf(budget, 1 / 2));
        const cut = signal.aborted
          ? stopped
          : `half of the time was over after ${done.length} of ${texts.length}`;
        return { lines: draftLines(done), ...(done.length < texts.length && { cut }) };
      } finally {
        session.free();
        open.session.forget();
      }
    },
  };
}

/** Writes each text without drafts and with them, in turns; those that were whole when the signal aborted. */
async function writeTexts(
  session: Session,
  texts: readonly (readonly [kind: string, prompt: readonly number[]])[],
  signal: AbortSignal,
  isTime: () => boolean,
): Promise<DraftedText[]> {
  const done: DraftedText[] = [];
  const options = { maxTokens: textTokens, signal };
  const [, warmUp] = texts[0]!;
  try {
    for (const mode of ["off", "mtp"] as const) await writeText(session, warmUp, mode, options);
    for (const [kind, prompt] of texts) {
      if (!isTime()) break;
      const plain = await writeText(session, prompt, "off", options);
      const { timings, drafts, reason } = await writeText(session, prompt, "mtp", options);
      if (reason === "cancelled") break;
      const [plainMs, draftedMs] = [plain.timings, timings].map((it) => 1000 / decodeRate(it));
      const { accepted, drafted } = drafts;
      done.push({ kind, plainMs: plainMs!, draftedMs: draftedMs!, accepted, drafted });
    }
  } catch (error) {
    if (!signal.aborted) throw error; // a text that was cut is not counted
  }
  return done;
}

/** Milliseconds a token, and what became of the drafts. */
export interface DraftedText {
  readonly kind: string;
  readonly plainMs: number;
  readonly draftedMs: number;
  readonly accepted: number;
  readonly drafted: number;
}

/** A line for each text and one for all; none where there is no text. */
export function draftLines(texts: readonly DraftedText[]): Line[] {
  if (texts.length === 0) return [];
  const sum = (of: (text: DraftedText) => number) => texts.reduce((total, text) => total + of(text), 0);
  const line = (
    id: string,
    label: string,
    { plainMs, draftedMs, accepted, drafted }: Omit<DraftedText, "kind">,
  ) => {
    const given = {
      id: `drafts ${id}`,
      group: "drafts",
      label,
      at: null,
      unit: "×",
      better: "more",
    } as const;
    return lineOf({ ...given, accepted, drafted }, [plainMs / draftedMs]);
  };
  const all = {
    plainMs: sum((it) => it.plainMs),
    draftedMs: sum((it) => it.draftedMs),
    accepted: sum((it) => it.accepted),
    drafted: sum((it) => it.drafted),
  };
  return [
    ...texts.map((text) => line(text.kind, `drafts, ${text.kind}`, text)),
    line(`all ${texts.length}`, `drafts, all of these (${texts.length})`, all),
  ];
}
