import type { LifecycleEvent } from "./lifecycle.ts";
import {
  CONSIDERED,
  COUNTED,
  type Counts,
  HOUR,
  type Hour,
  KEY,
  LANGUAGE,
  noCounts,
  type Outcome,
  SHOWN,
  type StoredMetrics,
  USED,
} from "./stored.ts";

/** Suggestions of which it is known what was counted: the pipelines of two windows offer no older one again. */
const KNOWN = 500;
const TYPED_THROUGH = 3; // characters, as the lifecycle tells it
const HOUR_MS = 3_600_000;

/** A suggestion in the tables: each field of an outcome is there. */
type Known = Required<Outcome>;

export const hourAt = (data: StoredMetrics, hour: number): Hour => {
  data.hours[hour] ??= { shown: 0, used: 0, firstLine: {} };
  return data.hours[hour];
};

export const hourOf = (ms: number): number => Math.floor(ms / HOUR_MS);

/**
 * Counts what becomes of suggestions in all tables of `data`: this is the only place that does. A suggestion counts once
 * in each, however often it is offered and in whatever order its events come; in the rows of the hour and the language
 * in which it was first counted. What was accepted was shown and considered; what was accepted was not dismissed.
 * @param session tells this window's suggestions from those of other windows and other days
 */
export function createCounts(data: StoredMetrics, session: string) {
  const known = new Map<string, Known>();
  for (const outcome of data.outcomes)
    if (outcome[KEY] !== undefined) known.set(outcome[KEY], outcome as Known);

  function suggestionOf({ id, languageId, atMs }: LifecycleEvent): Known {
    const key = `${session}${id}`;
    const there = known.get(key);
    if (there) return there;
    const outcome: Known = [0, 0, 0, key, languageId, hourOf(atMs), []];
    known.set(key, outcome);
    data.outcomes.push(outcome);
    if (data.outcomes.length > KNOWN) {
      const oldest = data.outcomes.shift()![KEY];
      if (oldest !== undefined) known.delete(oldest);
    }
    return outcome;
  }

  function countsOf(outcome: Known): Counts {
    const { languages } = data;
    const languageId = outcome[LANGUAGE];
    // Another extension names its languages, and may choose what every object has: `constructor`, `__proto__`.
    if (!Object.hasOwn(languages, languageId))
      Object.defineProperty(languages, languageId, {
        value: noCounts(),
        configurable: true,
        enumerable: true,
        writable: true,
      });
    return languages[languageId]!;
  }

  function show(outcome: Known, atMs: number): void {
    if (outcome[SHOWN]) return;
    outcome[SHOWN] = 1;
    outcome[HOUR] = hourOf(atMs);
    hourAt(data, outcome[HOUR]).shown++;
    countsOf(outcome).shown++;
  }

  function consider(outcome: Known, atMs: number): void {
    show(outcome, atMs);
    if (outcome[CONSIDERED]) return;
    outcome[CONSIDERED] = 1;
    countsOf(outcome).considered++;
  }

  function use(outcome: Known, atMs: number): void {
    consider(outcome, atMs);
    if (outcome[USED]) return;
    outcome[USED] = 1;
    hourAt(data, outcome[HOUR]).used++;
    const counts = countsOf(outcome);
    counts.used++;
    counts.usedConsidered++;
    if (!once(outcome, "dismissed")) counts.dismissed--;
  }

  /** Counts something of a suggestion, or sees to it that it is not counted later. @returns whether it was not counted yet */
  function once(outcome: Known, what: string): boolean {
    if (outcome[COUNTED].includes(what)) return false;
    outcome[COUNTED].push(what);
    return true;
  }

  function accept(outcome: Known, event: Extract<LifecycleEvent, { readonly kind: "accepted" }>): void {
    const { characters, typed = TYPED_THROUGH, atMs } = event;
    use(outcome, atMs);
    if (!once(outcome, "accepted")) return;
    const counts = countsOf(outcome);
    counts.acceptedCharacters += characters;
    // Its last characters looked typed, and were accepted.
    if (typed < TYPED_THROUGH && !once(outcome, "typed-through")) counts.typedThrough--;
  }

  function check(outcome: Known, event: Extract<LifecycleEvent, { readonly kind: "kept" }>): void {
    const { seconds, kept, characters } = event;
    if (!outcome[USED] || !once(outcome, `kept ${seconds}`)) return;
    data.kept[seconds] ??= [0, 0];
    const tally = data.kept[seconds];
    tally[1]++;
    if (!kept) return;
    tally[0]++;
    if (seconds === 120) data.keptCharacters += characters;
  }

  return {
    count(event: LifecycleEvent): void {
      if (event.kind === "ignored") return;
      const outcome = suggestionOf(event);
      switch (event.kind) {
        case "shown":
          show(outcome, event.atMs);
          return;
        case "considered":
          consider(outcome, event.atMs);
          return;
        case "accepted":
          accept(outcome, event);
          return;
        case "partial":
          use(outcome, event.atMs);
          return;
        case "typed-through":
          if (once(outcome, event.kind)) countsOf(outcome).typedThrough++;
          return;
        case "dismissed":
          if (once(outcome, event.kind)) countsOf(outcome).dismissed++;
          return;
        case "kept":
          check(outcome, event);
      }
    },
  };
}
