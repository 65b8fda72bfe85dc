import type { Completer } from "../contract/index.ts";
import { createCache, type Entry } from "./cache.ts";
import type { Question, Silence, TraceRecord } from "./contract.ts";
import type { Decode } from "./decode.ts";
import { type FilterHints, filterSuggestion } from "./filters/index.ts";
import { acceptEstimate } from "./policy/index.ts";
import { NO_TEXT } from "./silences.ts";
import { placeAt, type SyntaxFacts } from "./text/index.ts";

/** What the filters made of a decode's text. */
interface Filtered {
  readonly filters: TraceRecord["filters"];
  readonly silence?: Silence;
}

export interface KeptOptions {
  /** An answer returned before the end of its decode has become longer. */
  readonly onGrown?: ((uri: string, cursor: number) => void) | undefined;
  readonly controlTexts?: Completer["controlTexts"];
}

/**
 * The suggestions of this session: a decode's whole lines, filtered, become an entry of the cache, which grows with the
 * decode.
 */
export function createKept({ onGrown, controlTexts }: KeptOptions = {}) {
  const cache = createCache();
  const entries = new WeakMap<Decode, Entry>();
  const filtered = new WeakMap<Decode, Filtered>();
  let nextId = 1;
  let early: { readonly decode: Decode; readonly uri: string; readonly cursor: number } | undefined;

  function keep(decode: Decode): Entry | undefined {
    const { cursorText, question, wholeLines, facts } = decode;
    const earlier = entries.get(decode);
    if (wholeLines.trim() === "") {
      filtered.set(decode, { filters: [], silence: NO_TEXT });
      return earlier;
    }
    const place = placeAt(cursorText.before + cursorText.after, cursorText.before.length);
    const outcome = filterSuggestion(wholeLines, place, {
      ...hintsOf(question, facts),
      controlTexts: controlTexts?.(),
    });
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

  return {
    find: cache.find,
    get: cache.get,
    endsAt: cache.endsAt,
    forget: cache.forget,

    /** Keeps the complete lines of a running decode, and notes whether they answer a question. */
    keepEarly(decode: Decode, { document, cursor }: Question): void {
      keep(decode);
      early = { decode, uri: document.uri, cursor };
    },

    /** Keeps the text of a decode that is over, unless it was cut short. */
    keepWhole(decode: Decode): void {
      if (decode.aborted || decode.error) return;
      if (decode.end?.reason === "preempted" || decode.end?.reason === "cancelled") return;
      const before = entries.get(decode)?.text;
      const entry = keep(decode);
      if (early?.decode !== decode) return;
      const { uri, cursor } = early;
      early = undefined;
      if (entry && entry.text !== before) onGrown?.(uri, cursor);
    },

    /** Undefined if a decode's text has not become a suggestion. */
    entryOf: (decode: Decode): Entry | undefined => entries.get(decode),

    filtersOf: (decode: Decode): TraceRecord["filters"] => filtered.get(decode)?.filters ?? [],

    /** Why a decode that is over gave no suggestion. */
    silenceOf: (decode: Decode): Silence => filtered.get(decode)?.silence ?? NO_TEXT,
  };
}

export type Kept = ReturnType<typeof createKept>;

export const hintsOf = (
  { document, indentation }: Question,
  facts: SyntaxFacts | undefined,
): FilterHints => ({ languageId: document.languageId, ...indentation, facts });

function entryOf(id: number, { cursorText, multiLine, meanLogProbability }: Decode, text: string): Entry {
  const firstLine = text.trimStart().split("\n", 1)[0]!;
  return {
    id,
    cursorText,
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
