import type { TraceRecord } from "../contract.ts";
import { addTime, type Histogram, quantile } from "./histogram.ts";
import type { LifecycleEvent } from "./lifecycle.ts";

const WINDOW = 200; // suggestions that the headline rate covers
const MINIMUM = 20; // suggestions below which a share is noise
const RETENTION_DAYS = 90;
const HOUR = 3_600_000;

/** One suggestion of the window: probably shown, seen for 750 ms, accepted or accepted in part. */
type Outcome = [shown: 0 | 1, considered: 0 | 1, used: 0 | 1];
const SHOWN = 0;
const CONSIDERED = 1;
const USED = 2;

/** Counts of one language. */
interface Counts {
  shown: number;
  used: number;
  considered: number;
  usedConsidered: number;
  typedThrough: number;
  dismissed: number;
  acceptedCharacters: number;
}

/** Counts of one hour, for the plots. */
interface Hour {
  shown: number;
  used: number;
  firstLine: Histogram;
}

/** All that is stored: counts and times, never text. */
export interface StoredMetrics {
  readonly version: 1;
  outcomes: Outcome[];
  /** By hours since 1970. */
  hours: Record<string, Hour>;
  languages: Record<string, Counts>;
  silences: Record<string, number>;
  latency: Record<"delay" | "prompt" | "decode" | "firstLine" | "answer", Histogram>;
  sources: Record<string, number>;
  kept: Record<string, [kept: number, checked: number]>;
  keptCharacters: number;
  typedCharacters: number;
  tokens: number;
  decodeMs: number;
  drafted: number;
  acceptedDrafts: number;
  sinceMs: number;
}

/** A share of suggestions; `rate` is null while `n` is too small to say anything. */
export interface Share {
  readonly rate: number | null;
  readonly n: number;
}

export interface MetricsSummary {
  /** (accepted, or in part) ÷ (probably shown ∪ accepted), of the last 200. The headline. */
  readonly strict: Share;
  /** The same ÷ (visible for 750 ms, or accepted before). Biased upwards; for comparison with products that count this way. */
  readonly considered: Share;
  readonly minimum: number;
  readonly window: number;
  /** Of all accepted text, two minutes later; and per 1,000 characters typed by hand. */
  readonly keptAtTwoMinutes: Share;
  readonly keptPerThousandTyped: number | null;
  readonly firstLineMs: { readonly p50: number | null; readonly p95: number | null };
  readonly latency: Readonly<
    Record<keyof StoredMetrics["latency"], { p50: number | null; p95: number | null }>
  >;
  readonly tokensPerSecond: number | null;
  readonly draftAcceptance: number | null;
  readonly cacheShare: number | null;
  /** Most frequent first. */
  readonly silences: readonly { readonly id: string; readonly count: number }[];
  readonly languages: readonly { readonly id: string; readonly shown: number; readonly used: number }[];
  readonly kept: readonly { readonly seconds: number; readonly share: Share }[];
  /** Oldest first. */
  readonly hours: readonly {
    readonly startMs: number;
    readonly shown: number;
    readonly used: number;
    readonly p50: number | null;
  }[];
  readonly sinceMs: number;
}

export interface MetricsOptions {
  readonly now: () => number;
  /** What `stored()` gave in an earlier session; anything else resets the counts. */
  readonly stored?: unknown;
  readonly log?: (message: string) => void;
}

const noCounts = (): Counts => ({
  shown: 0,
  used: 0,
  considered: 0,
  usedConsidered: 0,
  typedThrough: 0,
  dismissed: 0,
  acceptedCharacters: 0,
});

const empty = (sinceMs: number): StoredMetrics => ({
  version: 1,
  outcomes: [],
  hours: {},
  languages: {},
  silences: {},
  latency: { delay: {}, prompt: {}, decode: {}, firstLine: {}, answer: {} },
  sources: {},
  kept: {},
  keptCharacters: 0,
  typedCharacters: 0,
  tokens: 0,
  decodeMs: 0,
  drafted: 0,
  acceptedDrafts: 0,
  sinceMs,
});

/** Counts the outcomes of suggestions. The counts stay on this machine and hold no text. */
export function createMetrics({ now, stored, log = () => {} }: MetricsOptions) {
  let data = readStored(stored, log) ?? empty(now());
  // The window's suggestions that may still change; older ones are in data.outcomes only.
  let recent = new Map<number, Outcome>();

  function hour(atMs: number): Hour {
    const key = Math.floor(atMs / HOUR);
    data.hours[key] ??= { shown: 0, used: 0, firstLine: {} };
    return data.hours[key];
  }

  function countsFor({ languageId }: LifecycleEvent): Counts {
    data.languages[languageId] ??= noCounts();
    return data.languages[languageId];
  }

  function outcomeOf(id: number): Outcome {
    const there = recent.get(id);
    if (there) return there;
    const outcome: Outcome = [0, 0, 0];
    recent.set(id, outcome);
    data.outcomes.push(outcome);
    if (data.outcomes.length > WINDOW) data.outcomes.shift();
    if (recent.size > WINDOW) recent.delete(recent.keys().next().value!);
    return outcome;
  }

  function use(event: LifecycleEvent): void {
    const outcome = outcomeOf(event.id);
    if (outcome[USED]) return;
    outcome[USED] = 1;
    hour(event.atMs).used++;
    const counts = countsFor(event);
    counts.used++;
    if (outcome[CONSIDERED]) counts.usedConsidered++;
  }

  function prune(): void {
    const oldest = Math.floor((now() - RETENTION_DAYS * 24 * HOUR) / HOUR);
    for (const key of Object.keys(data.hours)) if (Number(key) < oldest) delete data.hours[key];
  }

  return {
    lifecycle(event: LifecycleEvent): void {
      switch (event.kind) {
        case "shown":
          outcomeOf(event.id)[SHOWN] = 1;
          hour(event.atMs).shown++;
          countsFor(event).shown++;
          return;
        case "considered":
          outcomeOf(event.id)[CONSIDERED] = 1;
          countsFor(event).considered++;
          return;
        case "accepted":
          use(event);
          countsFor(event).acceptedCharacters += event.characters;
          return;
        case "partial":
          use(event);
          return;
        case "typed-through":
          countsFor(event).typedThrough++;
          return;
        case "dismissed":
          countsFor(event).dismissed++;
          return;
        case "kept": {
          data.kept[event.seconds] ??= [0, 0];
          const tally = data.kept[event.seconds]!;
          tally[1]++;
          if (!event.kept) return;
          tally[0]++;
          if (event.seconds === 120) data.keptCharacters += event.characters;
          return;
        }
        case "ignored":
          return;
      }
    },

    /** Characters that the user typed by hand. */
    typed(characters: number): void {
      data.typedCharacters += characters;
    },

    trace(record: TraceRecord): void {
      if (record.trigger === "speculative") return;
      const { outcome, times, source } = record;
      if (outcome.kind === "nothing") {
        data.silences[outcome.silence.id] = (data.silences[outcome.silence.id] ?? 0) + 1;
        return;
      }
      if (source) data.sources[source] = (data.sources[source] ?? 0) + 1;
      // The first suggestion waits for the model to load: reported elsewhere, and not a typing latency.
      if (times.loadMs > 0) return;
      addTime(data.latency.answer, times.answeredMs);
      if (source !== "model") return;
      addTime(data.latency.delay, times.delayMs);
      addTime(data.latency.prompt, times.promptMs);
      addTime(data.latency.decode, times.decodeMs);
      if (times.firstLineMs !== null) {
        addTime(data.latency.firstLine, times.firstLineMs);
        addTime(hour(record.at).firstLine, times.firstLineMs);
      }
      data.tokens += Math.max(0, record.tokens - 1); // the first comes with the prompt
      data.decodeMs += record.tokens > 1 ? times.decodeMs : 0;
      data.drafted += record.drafted;
      data.acceptedDrafts += record.acceptedDrafts;
    },

    summary(): MetricsSummary {
      const used = data.outcomes.filter(([, , used]) => used).length;
      const shown = data.outcomes.filter(([shown, , used]) => shown || used).length;
      const seen = data.outcomes.filter(([, considered, used]) => considered || used).length;
      const share = (part: number, n: number): Share => ({ rate: n < MINIMUM ? null : part / n, n });
      const times = (histogram: Histogram) => ({
        p50: quantile(histogram, 0.5),
        p95: quantile(histogram, 0.95),
      });
      const latency = {
        delay: times(data.latency.delay),
        prompt: times(data.latency.prompt),
        decode: times(data.latency.decode),
        firstLine: times(data.latency.firstLine),
        answer: times(data.latency.answer),
      };
      const answers = Object.values(data.sources).reduce((sum, count) => sum + count, 0);
      const [kept, checked] = data.kept[120] ?? [0, 0];
      return {
        strict: share(used, shown),
        considered: share(used, seen),
        minimum: MINIMUM,
        window: WINDOW,
        keptAtTwoMinutes: share(kept, checked),
        keptPerThousandTyped:
          data.typedCharacters < 1000 ? null : (data.keptCharacters * 1000) / data.typedCharacters,
        firstLineMs: latency.firstLine,
        latency,
        tokensPerSecond: data.decodeMs > 0 ? (data.tokens * 1000) / data.decodeMs : null,
        draftAcceptance: data.drafted > 0 ? data.acceptedDrafts / data.drafted : null,
        cacheShare: answers === 0 ? null : 1 - (data.sources.model ?? 0) / answers,
        silences: Object.entries(data.silences)
          .map(([id, count]) => ({ id, count }))
          .sort((a, b) => b.count - a.count),
        languages: Object.entries(data.languages)
          .map(([id, { shown, used }]) => ({ id, shown, used }))
          .sort((a, b) => b.shown - a.shown),
        kept: Object.entries(data.kept).map(([seconds, [part, n]]) => ({
          seconds: Number(seconds),
          share: share(part, n),
        })),
        hours: Object.entries(data.hours)
          .map(([key, { shown, used, firstLine }]) => ({
            startMs: Number(key) * HOUR,
            shown,
            used,
            p50: quantile(firstLine, 0.5),
          }))
          .sort((a, b) => a.startMs - b.startMs),
        sinceMs: data.sinceMs,
      };
    },

    /** For the next session, and for diagnostics. */
    stored(): StoredMetrics {
      prune();
      return data;
    },

    reset(): void {
      data = empty(now());
      recent = new Map();
    },
  };
}

export type Metrics = ReturnType<typeof createMetrics>;

/** The stored data if its format is ours; data of another program or version is discarded, and the counts start at 0. */
function readStored(stored: unknown, log: (message: string) => void): StoredMetrics | undefined {
  if (stored === undefined || stored === null) return undefined;
  const fresh = empty(0);
  const candidate = stored as StoredMetrics;
  const isRecord = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  const isCounts = (value: unknown): boolean =>
    isRecord(value) && Object.keys(noCounts()).every((key) => Number.isFinite(value[key]));
  const isHistogram = (value: unknown): boolean =>
    isRecord(value) &&
    Object.entries(value).every(
      ([bucket, count]) => Number.isInteger(Number(bucket)) && Number.isFinite(count),
    );
  const isSound =
    isRecord(stored) &&
    candidate.version === 1 &&
    Object.keys(fresh).every(
      (key) => typeof (stored as Record<string, unknown>)[key] === typeof fresh[key as keyof StoredMetrics],
    ) &&
    Array.isArray(candidate.outcomes) &&
    candidate.outcomes.every(
      (slot) => Array.isArray(slot) && slot.length === 3 && slot.every((bit) => bit === 0 || bit === 1),
    ) &&
    [
      candidate.hours,
      candidate.languages,
      candidate.silences,
      candidate.latency,
      candidate.sources,
      candidate.kept,
    ].every(isRecord) &&
    Object.values(candidate.hours).every(
      (one) =>
        isRecord(one) &&
        Number.isFinite(one.shown) &&
        Number.isFinite(one.used) &&
        isHistogram(one.firstLine),
    ) &&
    Object.values(candidate.languages).every(isCounts) &&
    Object.keys(fresh.latency).every((key) =>
      isHistogram(candidate.latency[key as keyof StoredMetrics["latency"]]),
    ) &&
    [candidate.silences, candidate.sources].every((counts) => Object.values(counts).every(Number.isFinite)) &&
    Object.values(candidate.kept).every(
      (tally) => Array.isArray(tally) && tally.length === 2 && tally.every(Number.isFinite),
    );
  if (isSound) return structuredClone(candidate);
  log("The stored statistics are not readable by this version: counting starts anew.");
  return undefined;
}
