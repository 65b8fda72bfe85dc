import type { TraceRecord } from "../contract.ts";
import { createCounts, hourAt, hourOf } from "./counts.ts";
import { addTime, type Histogram, quantile } from "./histogram.ts";
import type { LifecycleEvent } from "./lifecycle.ts";
import { empty, type NextEditCounts, noNextEdits, readStored, type StoredMetrics } from "./stored.ts";

const WINDOW = 200; // suggestions that the headline rate covers
const MINIMUM = 20; // suggestions below which a share is noise
const PLOTTED_HOURS = 90 * 24;
const HOUR_MS = 3_600_000;

/** What is counted of an answer. */
export type CountedTrace = Pick<
  TraceRecord,
  "at" | "trigger" | "source" | "times" | "tokens" | "drafted" | "acceptedDrafts"
> & {
  readonly outcome:
    | { readonly kind: "shown" }
    | { readonly kind: "nothing"; readonly silence: { readonly id: string } };
};

/** What became of a next edit, and who had proposed it. */
export interface CountedNextEdit {
  readonly kind: keyof NextEditCounts;
  readonly source: string;
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
  /** Of next edits, all that were counted: accepted ÷ shown, and how many of each. */
  readonly nextEdits: Readonly<NextEditCounts> & { readonly share: Share };
}

export interface MetricsOptions {
  readonly now: () => number;
  /** What `stored()` gave before; anything else resets the counts. */
  readonly stored?: unknown;
  /** Tells this window's suggestions, which are numbered from 1, from all others in what is stored. */
  readonly session?: string;
  readonly log?: (message: string) => void;
}

/** Counts the outcomes of suggestions. The counts stay on this machine and hold no text. */
export function createMetrics({ now, stored, session = "", log = () => {} }: MetricsOptions) {
  let data = readStored(stored, log) ?? empty(now());
  let counts = createCounts(data, session);

  /** By their number and not by their age: a clock that is set years ahead for a moment takes nothing away. */
  function prune(): void {
    const keys = Object.keys(data.hours).map(Number);
    for (const key of keys.sort((a, b) => b - a).slice(PLOTTED_HOURS)) delete data.hours[key];
  }

  /** Hours that the plots have room for; others were counted while the clock was wrong, or are older. */
  function isPlotted(hour: number): boolean {
    const ago = hourOf(now()) - hour;
    return ago >= -24 && ago < PLOTTED_HOURS;
  }

  return {
    lifecycle: (event: LifecycleEvent): void => counts.count(event),

    /** Characters that the user typed by hand; negative where fewer were than was told before. */
    typed(characters: number): void {
      if (Number.isFinite(characters)) data.typedCharacters += characters;
    },

    nextEdit({ kind, source }: CountedNextEdit): void {
      data.nextEdits ??= {};
      data.nextEdits[source] ??= noNextEdits();
      data.nextEdits[source][kind]++;
    },

    trace(record: CountedTrace): void {
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
        addTime(hourAt(data, hourOf(record.at)).firstLine, times.firstLineMs);
      }
      data.tokens += counted(record.tokens - 1); // the first comes with the prompt
      data.decodeMs += record.tokens > 1 ? counted(times.decodeMs) : 0;
      data.drafted += counted(record.drafted);
      data.acceptedDrafts += counted(record.acceptedDrafts);
    },

    summary(): MetricsSummary {
      const last = data.outcomes.filter(([shown, , used]) => shown || used).slice(-WINDOW);
      const used = last.filter(([, , used]) => used).length;
      const seen = last.filter(([, considered, used]) => considered || used).length;
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
      const nextEdits = noNextEdits();
      for (const counts of Object.values(data.nextEdits ?? {}))
        for (const kind of Object.keys(nextEdits) as (keyof NextEditCounts)[])
          nextEdits[kind] += counts[kind];
      return {
        strict: share(used, last.length),
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
          .filter(([key]) => isPlotted(Number(key)))
          .map(([key, { shown, used, firstLine }]) => ({
            startMs: Number(key) * HOUR_MS,
            shown,
            used,
            p50: quantile(firstLine, 0.5),
          }))
          .sort((a, b) => a.startMs - b.startMs),
        sinceMs: Math.min(data.sinceMs, now()),
        nextEdits: { ...nextEdits, share: share(nextEdits.accepted, nextEdits.shown) },
      };
    },

    /** For the next session, and for diagnostics. */
    stored(): StoredMetrics {
      prune();
      return data;
    },

    reset(): void {
      data = empty(now());
      counts = createCounts(data, session);
    },
  };
}

const MOST_COUNTED = 1e9; // of one answer

/** What the engine says of an answer: where that can be no count, it is none. A sum without end would make the file unreadable. */
const counted = (value: number): number => (value >= 0 && value <= MOST_COUNTED ? value : 0);

export type Metrics = ReturnType<typeof createMetrics>;
