import type { AnswerSource, Question, TraceRecord } from "./contract.ts";
import type { Decode } from "./decode.ts";
import type { Kept } from "./kept.ts";

const TRACES = 100;

/** A question that is answered now. */
export interface Traced {
  readonly question: Question;
  /** Milliseconds of one clock, as all times here. */
  readonly askedMs: number;
  readonly delayMs: number;
  /** What the model has run for this question, if it has. */
  readonly decode?: Decode | undefined;
}

export interface TracesOptions {
  readonly now: () => number;
  readonly kept: Pick<Kept, "entryOf" | "filtersOf">;
  readonly onTrace: ((record: TraceRecord) => void) | undefined;
}

/** What became of the last 100 questions. */
export function createTraces({ now, kept, onTrace }: TracesOptions) {
  const records: TraceRecord[] = [];
  return {
    /** The newest is last. */
    records: records as readonly TraceRecord[],

    /** @param source of what is shown; null where nothing is */
    add(traced: Traced, source: AnswerSource | null, outcome: TraceRecord["outcome"]): void {
      const record = traceRecord(traced, now(), kept, source, outcome);
      records.push(record);
      if (records.length > TRACES) records.shift();
      onTrace?.(record);
    },
  };
}

function traceRecord(
  { question, askedMs, delayMs, decode }: Traced,
  nowMs: number,
  kept: TracesOptions["kept"],
  source: AnswerSource | null,
  outcome: TraceRecord["outcome"],
): TraceRecord {
  const { document } = question;
  const cost = decode?.cost;
  return {
    at: askedMs,
    uri: document.uri,
    path: document.path,
    languageId: document.languageId,
    ...positionOf(question),
    trigger: question.trigger,
    source,
    outcome,
    multiLine: decode?.multiLine ?? false,
    stoppedBy: decode?.stoppedBy ?? null,
    raw: decode?.raw ?? "",
    filters: decode ? kept.filtersOf(decode) : [],
    confidence: decode ? confidenceIn(decode, kept) : null,
    prompt: decode ? promptIn(decode) : null,
    times: { delayMs, answeredMs: nowMs - askedMs, ...timesIn(decode, askedMs, nowMs) },
    tokens: cost?.tokens ?? decode?.pieces ?? 0,
    drafted: cost?.drafted ?? 0,
    acceptedDrafts: cost?.accepted ?? 0,
  };
}

function confidenceIn(decode: Decode, kept: TracesOptions["kept"]): TraceRecord["confidence"] {
  const { meanLogProbability } = decode;
  const entry = kept.entryOf(decode);
  return meanLogProbability === null || !entry
    ? null
    : { meanLogProbability, acceptEstimate: entry.acceptEstimate };
}

function promptIn({ prompt, cost }: Decode): TraceRecord["prompt"] {
  return {
    context: prompt.context.map(({ path, text }) => ({ path, characters: text.length })),
    prefixCharacters: prompt.prefix.length,
    suffixCharacters: prompt.suffix.length,
    middleCharacters: prompt.middle.length,
    tokens: cost?.promptTokens ?? 0,
    computedTokens: cost?.computedTokens ?? 0,
  };
}

function timesIn(
  decode: Decode | undefined,
  askedMs: number,
  nowMs: number,
): Omit<TraceRecord["times"], "delayMs" | "answeredMs"> {
  if (!decode) return { loadMs: 0, firstTextMs: null, firstLineMs: null, promptMs: 0, decodeMs: 0 };
  const { startedMs, firstTextMs, firstLineMs, cost } = decode;
  const since = (ms: number | null) => (ms === null ? null : Math.max(0, ms - askedMs));
  return {
    loadMs: cost?.loadMs ?? 0,
    firstTextMs: since(firstTextMs),
    firstLineMs: since(firstLineMs),
    // Until the model has ended, what has passed so far.
    promptMs: cost?.promptMs ?? (firstTextMs === null ? 0 : firstTextMs - startedMs),
    decodeMs: cost?.decodeMs ?? (firstTextMs === null ? 0 : nowMs - firstTextMs),
  };
}

/** The cursor's line and column, from 1. */
function positionOf({ linePlace, document: { text }, cursor }: Question): { line: number; column: number } {
  if (linePlace) return { line: linePlace.line + 1, column: linePlace.character + 1 };
  let line = 1;
  let start = 0;
  for (let at = text.indexOf("\n"); at !== -1 && at < cursor; at = text.indexOf("\n", start)) {
    line++;
    start = at + 1;
  }
  return { line, column: cursor - start + 1 };
}
