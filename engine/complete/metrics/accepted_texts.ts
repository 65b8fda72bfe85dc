import { distance } from "fastest-levenshtein";
import type { Clock } from "../../contract/index.ts";

/** One change of a document: at `offset`, `removed` characters give way to `inserted`. */
export interface DocumentChange {
  readonly offset: number;
  readonly removed: number;
  readonly inserted: string;
}

/** Where a text is in a document now: offsets of its first character and of the one after its last. */
export interface Place {
  readonly start: number;
  readonly end: number;
}

export interface AcceptedText {
  readonly id: number;
  readonly languageId: string;
  readonly uri: string;
  readonly text: string;
  readonly start: number;
  /** Where the editor is still to insert the rest of it; undefined where all of it is in the document. */
  readonly expectedAt?: number | undefined;
}

export interface AcceptedTextsOptions {
  readonly clock: Clock;
  /** The document's text from `start` to `end`, or to its end if that is sooner; undefined where it is closed. */
  readonly textOf: (uri: string, start: number, end: number) => string | undefined;
  readonly onChecked: (
    of: Pick<AcceptedText, "id" | "languageId">,
    seconds: number,
    kept: boolean,
    characters: number,
  ) => void;
}

interface Watched {
  readonly id: number;
  readonly languageId: string;
  readonly uri: string;
  readonly text: string;
  place: Place;
  expectedAt: number | undefined;
  readonly timers: unknown[];
}

const KEPT_SECONDS = [30, 120, 300, 600];

/**
 * Checks 30, 120, 300 and 600 s after an accept whether the text is still there. Its place follows the document's
 * changes, so a check reads some 1,500 characters on either side of it, however long the document is.
 */
export function createAcceptedTexts({ clock, textOf, onChecked }: AcceptedTextsOptions) {
  const watched = new Map<number, Watched>();
  const checked = new Map<number, Set<number>>();

  function check(one: Watched, seconds: number): void {
    if (seconds === KEPT_SECONDS.at(-1)) watched.delete(one.id);
    const kept = isKept(one, textOf);
    if (kept === undefined) return;
    seen(one.id).add(seconds);
    onChecked(one, seconds, kept, one.text.length);
  }

  function seen(id: number): Set<number> {
    const there = checked.get(id) ?? new Set();
    checked.set(id, there);
    if (checked.size > REMEMBERED) checked.delete(checked.keys().next().value!);
    return there;
  }

  function leave(id: number): void {
    for (const timer of watched.get(id)?.timers ?? []) clock.clearTimeout(timer);
    watched.delete(id);
  }

  return {
    /** A text that was accepted before, undone and accepted again is watched at its new place, and told once a time. */
    watch({ id, languageId, uri, text: whole, start, expectedAt }: AcceptedText): void {
      const text = whole.trim();
      if (text === "") return;
      leave(id);
      const from = start + whole.indexOf(text);
      const place = { start: from, end: from + text.length };
      const one: Watched = { id, languageId, uri, text, place, expectedAt, timers: [] };
      watched.set(id, one);
      for (const seconds of KEPT_SECONDS)
        if (!checked.get(id)?.has(seconds))
          one.timers.push(clock.setTimeout(() => check(one, seconds), seconds * 1000));
    },

    changed(uri: string, change: DocumentChange): void {
      for (const one of watched.values()) {
        if (one.uri !== uri) continue;
        const { expectedAt } = one;
        // The editor may report the accept before it reports the change: what it inserts then is the text itself.
        if (expectedAt === change.offset && change.inserted !== "") one.expectedAt = undefined;
        else {
          one.place = follow(one, change);
          if (expectedAt !== undefined) one.expectedAt = shifted(expectedAt, change);
        }
      }
    },

    /** What becomes of a document that is closed is not known. */
    closed(uri: string): void {
      for (const [id, one] of watched) if (one.uri === uri) leave(id);
    },

    dispose(): void {
      for (const id of watched.keys()) leave(id);
    },
  };
}

const REMEMBERED = 256; // suggestions, whose checks are told once
const FAR = 1500; // characters on either side: those of Copilot's completions

/** Where an offset is after a change that ends before it. */
export const shifted = (at: number, { offset, removed, inserted }: DocumentChange): number =>
  offset + removed <= at ? at + inserted.length - removed : at;

/** Where a text is after a change. What replaces a part of it is not counted as its own. */
function follow(
  { place: { start, end }, text }: Watched,
  { offset, removed, inserted }: DocumentChange,
): Place {
  const changeEnd = offset + removed;
  const grown = inserted.length - removed;
  if (changeEnd <= start) return { start: start + grown, end: end + grown };
  if (offset >= end) return { start, end };
  if (offset <= start && changeEnd >= end) return placeIn(inserted, text, offset, start - offset);
  if (offset < start) return { start: changeEnd + grown, end: end + grown };
  return { start, end: changeEnd > end ? offset : end + grown };
}

/** Where a text is in what replaced it and its surroundings, as formatters do: where it or its first line is found. */
function placeIn(inserted: string, text: string, offset: number, before: number): Place {
  const from = Math.max(0, before - FAR);
  const near = inserted.slice(from, before + text.length + FAR);
  const firstLine = text.slice(0, text.search(/[\r\n]|$/));
  const found = [text, firstLine].map((part) => near.indexOf(part)).find((at) => at !== -1);
  const start = Math.min(found === undefined ? before : from + found, inserted.length);
  return { start: offset + start, end: offset + Math.min(start + text.length, inserted.length) };
}

/**
 * Whether an accepted text is still there: word for word within 1,500 characters of its place, or with at most half of
 * its characters changed at its place. Undefined where the document is closed.
 */
function isKept(
  { uri, text, place: { start, end } }: Watched,
  textOf: AcceptedTextsOptions["textOf"],
): boolean | undefined {
  const from = Math.max(0, start - FAR);
  const allowed = text.length / 2;
  const around = textOf(uri, from, Math.min(end, start + text.length * 2) + FAR);
  if (around === undefined) return undefined;
  if (around.includes(text)) return true;
  // The distance is at least the difference of the lengths: what is far longer or shorter needs no comparison.
  if (Math.abs(end - start - text.length) > allowed) return false;
  return distance(around.slice(start - from, end - from), text) <= allowed;
}
