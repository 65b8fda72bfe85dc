import type { OneAnswer } from "../../complete/index.ts";
import { sentenceOf } from "../../errors/index.ts";
import type { GenerationTally } from "../../generate/index.ts";
import { draftSentence } from "./draft_sentence.ts";
import type { ModelOptions, OpenModel } from "./open_model.ts";
import { milliseconds, perSecond } from "./terminal.ts";

/** What a completion by a model has cost. */
export interface ModelCost {
  readonly open: Pick<OpenModel, "gpu" | "session" | "loadMs">;
  readonly prepareMs: number;
  readonly draft: ModelOptions["draft"];
  readonly generation: GenerationTally;
}

/** The outcome, for `--json`. */
export function outcomeReport({ shown, document, silence, stages }: OneAnswer) {
  return {
    shown,
    document,
    silence: silence && {
      id: silence.id,
      problem: silence.problem,
      advice: silence.advice ?? null,
      sentence: sentenceOf(silence),
    },
    stages,
  };
}

/** What it cost, for `--json`. */
export function costReport({ trace }: OneAnswer, { open, prepareMs, generation }: ModelCost) {
  const { firstTextMs, firstLineMs, answeredMs: totalMs } = trace.times;
  return {
    device: open.gpu.description,
    multiLine: trace.multiLine,
    stoppedBy: trace.stoppedBy,
    confidence: trace.confidence,
    timings: { firstTextMs, firstLineMs, totalMs },
    loadMs: open.loadMs,
    prepareMs,
    generation: generation.timings,
    drafts: generation.drafts,
  };
}

/** The outcome, for people: what is shown or why nothing is, and each filter that had a hand in it. */
export function outcomeSentences({ shown, silence, stages, trace }: OneAnswer, cost?: ModelCost): string[] {
  const { firstLineMs, answeredMs } = trace.times;
  const times = cost
    ? ` in ${milliseconds(answeredMs)}, its first line after ${milliseconds(firstLineMs ?? answeredMs)}`
    : ` of ${shown?.length} characters`;
  const sentence = silence
    ? `No suggestion here: ${sentenceOf(silence)}`
    : `Suggestion${times}; stopped by: ${trace.stoppedBy}.`;
  const filters = stages.flatMap(({ stage, verdict }) => {
    if (typeof verdict === "string") return [];
    const { before, after } = verdict;
    const made = after === null ? "dropped it" : `left ${JSON.stringify(after)}`;
    return [`The filter “${stage.replace(/^filter:/, "")}” got ${JSON.stringify(before)} and ${made}.`];
  });
  return [`\n${sentence}`, ...filters];
}

/** What it cost, for people. */
export function costSentences({ open, prepareMs, draft, generation }: ModelCost): string[] {
  const { timings, drafts } = generation;
  return [
    [
      `model loaded in ${milliseconds(open.loadMs)}`,
      `kernels in ${milliseconds(prepareMs)}`,
      `prompt of ${timings.promptTokens} tokens in ${milliseconds(timings.promptMs)}`,
      `${timings.tokens} tokens at ${perSecond(timings.tokens - 1, timings.decodeMs)}`,
    ].join(" · "),
    `on ${open.gpu.description}; ${draftSentence(drafts, open.session.draftMode, draft)}`,
  ];
}
