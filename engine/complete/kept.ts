import type { PromptParts } from "../contract/index.ts";
import { createCache, type Entry } from "./cache.ts";
import type { Question, Silence, TraceRecord } from "./contract.ts";
import type { Decode } from "./decode.ts";
import { type FilterOutcome, filterInPieces, filterSuggestion } from "./filters/index.ts";
import { acceptEstimate } from "./policy/index.ts";
import { NO_TEXT } from "./silences.ts";
import { isBlank, type Pieces } from "./text/index.ts";

/** What the filters made of a decode's text. */
interface Filtered {
  readonly filters: TraceRecord["filters"];
  readonly silence?: Silence;
}

export interface KeptOptions {
  /** The pieces of other files that a document's prompts have now. */
  readonly contextOf: (uri: string) => PromptParts["context"] | undefined;
  /** An answer that was given before its decode had ended has become better. */
  readonly onGrown?: ((uri: string, cursor: number, trigger: Question["trigger"]) => void) | undefined;
}

/**
 * The suggestions of this session: a decode's whole lines, filtered, become an entry of the cache, which grows with the
 * decode.
 */
export function createKept({ contextOf, onGrown }: KeptOptions) {
  const cache = createCache(contextOf);
  const entries = new WeakMap<Decode, Entry>();
  const filtered = new WeakMap<Decode, Filtered>();
  /** What the filters made of a text before it was to be kept. */
  const prepared = new WeakMap<Decode, { readonly text: string; readonly outcome: FilterOutcome }>();
  let nextId = 1;
  let early: { readonly decode: Decode; readonly question: Question } | undefined;

  function keep(decode: Decode): Entry | undefined {
    const { wholeLines, place, hints } = decode;
    const earlier = entries.get(decode);
    if (wholeLines.trim() === "") {
      filtered.set(decode, { filters: [], silence: NO_TEXT });
      return earlier;
    }
    const before = prepared.get(decode);
    const outcome = before?.text === wholeLines ? before.outcome : filterSuggestion(wholeLines, place, hints);
    const filters = outcome.reports;
    if ("drop" in outcome) {
      filtered.set(decode, { filters, silence: dropped(outcome.drop) });
      return earlier;
    }
    filtered.set(decode, { filters });
    if (earlier) {
      // What is on the screen never changes under the user; it only grows.
      if (outcome.show.startsWith(earlier.text)) earlier.text = outcome.show;
      return earlier;
    }
    const entry = entryOf(nextId++, decode, outcome.show);
    entries.set(decode, entry);
    cache.add(entry);
    return entry;
  }

  function tellGrown(entry: Entry, { document, cursor, trigger }: Question): void {
    if (!entry.dismissed) onGrown?.(document.uri, cursor, trigger);
  }

  return {
    find: cache.find,
    get: cache.get,
    endsAt: cache.endsAt,
    show: cache.show,
    forget: cache.forget,

    /** Keeps the complete lines of a running decode, which answer the question so far. */
    keepEarly(decode: Decode, question: Question): void {
      keep(decode);
      early = { decode, question };
    },

    /** A running decode has grown: its first complete line is told to the question that was answered without it. */
    grow(decode: Decode): void {
      if (early?.decode !== decode || entries.has(decode) || decode.aborted) return;
      const { question } = early;
      const entry = decode.wholeLines.trim() === "" ? undefined : keep(decode);
      if (entry) tellGrown(entry, question);
    },

    /** Filters the text of a decode that has all of it, a piece at a time: `keepWhole` then has nothing left to do that takes long. */
    *prepare(decode: Decode): Pieces<void> {
      const { kept: text, place, hints } = decode;
      if (!isBlank(text)) prepared.set(decode, { text, outcome: yield* filterInPieces(text, place, hints) });
    },

    /** Keeps the text of a decode that is over, unless it was cut short. */
    keepWhole(decode: Decode): void {
      if (decode.aborted || decode.forgotten || decode.error) return;
      if (decode.end?.reason === "preempted" || decode.end?.reason === "cancelled") return;
      const before = entries.get(decode)?.text;
      const entry = keep(decode);
      if (early?.decode !== decode) return;
      const { question } = early;
      early = undefined;
      if (entry && entry.text !== before) tellGrown(entry, question);
    },

    /** Undefined if a decode's text has not become a suggestion. */
    entryOf: (decode: Decode): Entry | undefined => entries.get(decode),

    filtersOf: (decode: Decode): TraceRecord["filters"] => filtered.get(decode)?.filters ?? [],

    /** Why a decode that is over gave no suggestion. */
    silenceOf: (decode: Decode): Silence => filtered.get(decode)?.silence ?? NO_TEXT,
  };
}

export type Kept = ReturnType<typeof createKept>;

function entryOf(id: number, decode: Decode, text: string): Entry {
  const { cursorText, key, prompt, multiLine, meanLogProbability } = decode;
  const firstLine = text.trimStart().split("\n", 1)[0]!;
  return {
    id,
    cursorText,
    key,
    prompt,
    text,
    multiLine,
    acceptEstimate: acceptEstimate(meanLogProbability ?? 0, firstLine.length),
    dismissed: false,
  };
}

const dropped = (filter: string): Silence => ({
  id: `filtered:${filter}`,
  problem: `The model's suggestion was dropped by the filter “${filter}”`,
  advice: "see it in “Foretype: Show Trace”",
});
