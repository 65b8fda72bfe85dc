import type { Histogram } from "./histogram.ts";

/**
 * A suggestion that was counted: probably shown, seen for 750 ms, accepted or accepted in part. The fields after that,
 * which suggestions of older versions lack, say which one it is, the row of each table that it counts in, and what else
 * was counted of it, so that nothing is counted twice.
 */
export type Outcome = [
  shown: 0 | 1,
  considered: 0 | 1,
  used: 0 | 1,
  key?: string,
  languageId?: string,
  hour?: number,
  counted?: string[],
];
export const SHOWN = 0;
export const CONSIDERED = 1;
export const USED = 2;
export const KEY = 3;
export const LANGUAGE = 4;
export const HOUR = 5;
export const COUNTED = 6;

/** Counts of one language. */
export interface Counts {
  shown: number;
  used: number;
  considered: number;
  usedConsidered: number;
  typedThrough: number;
  dismissed: number;
  acceptedCharacters: number;
}

/** Counts of one hour, for the plots. */
export interface Hour {
  shown: number;
  used: number;
  firstLine: Histogram;
}

/** What became of the next edits of one source. */
export interface NextEditCounts {
  shown: number;
  jumped: number;
  accepted: number;
  refused: number;
  /** Something else was typed there. */
  typed: number;
  /** Taken back within 10 s. */
  undone: number;
}

/** All that is stored: counts and times, never text. */
export interface StoredMetrics {
  readonly version: 1;
  /** The last ones, the newest last. */
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
  /** By source; missing in what earlier versions stored. */
  nextEdits?: Record<string, NextEditCounts>;
}

export const noCounts = (): Counts => ({
  shown: 0,
  used: 0,
  considered: 0,
  usedConsidered: 0,
  typedThrough: 0,
  dismissed: 0,
  acceptedCharacters: 0,
});

export const noNextEdits = (): NextEditCounts => ({
  shown: 0,
  jumped: 0,
  accepted: 0,
  refused: 0,
  typed: 0,
  undone: 0,
});

export const empty = (sinceMs: number): StoredMetrics => ({
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

/** The stored data if its format is ours; data of another program or version is discarded, and the counts start at 0. */
export function readStored(stored: unknown, log: (message: string) => void): StoredMetrics | undefined {
  if (stored === undefined || stored === null) return undefined;
  if (isStoredMetrics(stored)) return structuredClone(stored);
  log("The stored statistics are not readable by this version: counting starts again from zero.");
  return undefined;
}

/** Whether the format is ours. */
export function isStoredMetrics(stored: unknown): stored is StoredMetrics {
  const fresh = empty(0);
  if (!isRecord(stored)) return false;
  const sameTypes = Object.entries(fresh).every(([key, value]) => typeof stored[key] === typeof value);
  if (!sameTypes || stored.version !== fresh.version) return false;
  const { outcomes, hours, languages, silences, latency, sources, kept, nextEdits } = stored as Record<
    string,
    unknown
  >;
  return (
    Array.isArray(outcomes) &&
    outcomes.every(isOutcome) &&
    isRecordOf(hours, isHour) &&
    Object.keys(hours).every((hour) => Number.isInteger(Number(hour))) &&
    isRecordOf(languages, isCounts) &&
    isRecordOf(latency, isHistogram) &&
    Object.keys(fresh.latency).every((key) => key in latency) &&
    isRecordOf(silences, Number.isFinite) &&
    isRecordOf(sources, Number.isFinite) &&
    (nextEdits === undefined || isRecordOf(nextEdits, isNextEditCounts)) &&
    isRecordOf(kept, (tally) => Array.isArray(tally) && tally.length === 2 && tally.every(Number.isFinite))
  );
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isRecordOf = (value: unknown, isOne: (one: unknown) => boolean): value is Record<string, unknown> =>
  isRecord(value) && Object.values(value).every(isOne);

const isCounts = (value: unknown): boolean =>
  isRecord(value) && Object.keys(noCounts()).every((key) => Number.isFinite(value[key]));

const isNextEditCounts = (value: unknown): boolean =>
  isRecord(value) && Object.keys(noNextEdits()).every((key) => Number.isFinite(value[key]));

const isHistogram = (value: unknown): boolean =>
  isRecordOf(value, Number.isFinite) &&
  Object.keys(value).every((bucket) => Number.isInteger(Number(bucket)));

const isHour = (value: unknown): boolean =>
  isRecord(value) &&
  Number.isFinite(value.shown) &&
  Number.isFinite(value.used) &&
  isHistogram(value.firstLine);

function isOutcome(slot: unknown): boolean {
  if (!Array.isArray(slot)) return false;
  const [shown, considered, used, ...known] = slot as unknown[];
  if (![shown, considered, used].every((bit) => bit === 0 || bit === 1)) return false;
  if (known.length === 0) return true;
  const [key, languageId, hour, counted] = known;
  return (
    known.length === 4 &&
    typeof key === "string" &&
    typeof languageId === "string" &&
    Number.isFinite(hour) &&
    Array.isArray(counted) &&
    counted.every((what) => typeof what === "string")
  );
}
