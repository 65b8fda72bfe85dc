import type { AnswerSource, Question, TraceRecord } from "./contract.ts";
import type { Decode } from "./decode.ts";

export interface Traced {
  readonly question: Question;
  /** Milliseconds of one clock, as all times here. */
  readonly askedMs: number;
  readonly delayMs: number;
  readonly nowMs: number;
  /** What the model has run for this question, if it has. */
  readonly decode: Decode | undefined;
  readonly acceptEstimate: number | null;
  readonly filters: TraceRecord["filters"];
  readonly source: AnswerSource | null;
  readonly outcome: TraceRecord["outcome"];
}

/** The row of a question that is answered now. */
export function traceRecord(traced: Traced): TraceRecord {
  const { question, askedMs, nowMs, decode, acceptEstimate } = traced;
  const { document, cursor } = question;
  const since = (ms: number | null | undefined) => (ms == null ? null : Math.max(0, ms - askedMs));
  const mean = decode?.meanLogProbability ?? null;
  const { firstTextMs = null, startedMs = 0, cost, prompt } = decode ?? {};
  return {
    at: askedMs,
    uri: document.uri,
    path: document.path,
    languageId: document.languageId,
    ...positionOf(document.text, cursor),
    trigger: question.trigger,
    source: traced.source,
    outcome: traced.outcome,
    multiLine: decode?.multiLine ?? false,
    stoppedBy: decode?.stoppedBy ?? null,
    raw: decode?.raw ?? "",
    filters: traced.filters,
    confidence:
      mean === null || acceptEstimate === null ? null : { meanLogProbability: mean, acceptEstimate },
    prompt: prompt
      ? {
          context: prompt.context.map(({ path, text }) => ({ path, characters: text.length })),
          prefixCharacters: prompt.prefix.length,
          suffixCharacters: prompt.suffix.length,
          middleCharacters: prompt.middle.length,
          tokens: cost?.promptTokens ?? 0,
          computedTokens: cost?.computedTokens ?? 0,
        }
      : null,
    times: {
      delayMs: traced.delayMs,
      loadMs: cost?.loadMs ?? 0,
      firstTextMs: since(firstTextMs),
      firstLineMs: since(decode?.firstLineMs),
      answeredMs: nowMs - askedMs,
      // Until the model has ended, what has passed so far.
      promptMs: cost?.promptMs ?? (firstTextMs === null ? 0 : firstTextMs - startedMs),
      decodeMs: cost?.decodeMs ?? (firstTextMs === null ? 0 : nowMs - firstTextMs),
    },
    tokens: cost?.tokens ?? decode?.pieces ?? 0,
    drafted: cost?.drafted ?? 0,
    acceptedDrafts: cost?.accepted ?? 0,
  };
}

/** The cursor's line and column, from 1. */
function positionOf(text: string, cursor: number): { line: number; column: number } {
  let line = 1;
  let start = 0;
  for (let at = text.indexOf("\n"); at !== -1 && at < cursor; at = text.indexOf("\n", start)) {
    line++;
    start = at + 1;
  }
  return { line, column: cursor - start + 1 };
}
