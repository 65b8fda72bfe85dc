import type { Clock } from "../../contract/index.ts";
import { createAcceptedTexts, type DocumentChange, shifted } from "./accepted_texts.ts";

/** The outcome of a suggestion, reported as it happens. It holds counts of characters and lines, never the text. */
export type LifecycleEvent = { readonly id: number; readonly languageId: string; readonly atMs: number } & (
  | /** On the screen for 250 ms, as far as an extension can tell. */ { readonly kind: "shown" }
  | /** On the screen for 750 ms, or accepted before. */ { readonly kind: "considered" }
  | {
      readonly kind: "accepted";
      readonly characters: number;
      readonly lines: number;
      readonly afterMs: number;
      /** Of the characters, those that the user typed by hand before the accept. */
      readonly typed?: number;
    }
  /** A part was accepted; told once for each suggestion. */
  | { readonly kind: "partial"; readonly characters: number }
  /** At least three characters of it were typed by hand. */
  | { readonly kind: "typed-through" }
  | { readonly kind: "dismissed" }
  /** The user typed something else, or left. */
  | { readonly kind: "ignored" }
  /** `seconds` after an accept: whether the text is still there. */
  | { readonly kind: "kept"; readonly seconds: number; readonly kept: boolean; readonly characters: number }
);

export interface ReturnedSuggestion {
  readonly id: number;
  readonly uri: string;
  readonly languageId: string;
  /** The cursor's offset, and the text that goes in there; what it replaces right of it is the editor's brackets. */
  readonly cursor: number;
  readonly text: string;
}

export interface LifecycleOptions {
  readonly clock: Clock;
  readonly emit: (event: LifecycleEvent) => void;
  /** Characters that the user typed by hand; negative: of those told before, that many were an accept. */
  readonly onTyped?: (characters: number) => void;
  /** A document's text from `start` to `end`, or to its end if that is sooner; undefined where it is closed. */
  readonly textOf: (uri: string, start: number, end: number) => string | undefined;
}

/** One suggestion, however often the editor asks for it again; typing into it does not end it. */
interface Chain {
  readonly id: number;
  readonly uri: string;
  readonly languageId: string;
  readonly returnedMs: number;
  /** All of it, and the offset where it begins. */
  whole: string;
  start: number;
  /** Where the editor shows what is left of it, and that. */
  cursor: number;
  rest: string;
  typed: number;
  /** What the change that inserted its end counted as typed by hand, of it and in all: a command may tell otherwise. */
  ending: { readonly typed: number; readonly counted: number } | undefined;
  shown: boolean;
  considered: boolean;
  partial: boolean;
  accepted: boolean;
  toldTyped: boolean;
  /** One change inserted all of it: the accept command tells whether that was an accept. */
  inserted: boolean;
  /** A change at its place was none that it offers. */
  overwritten: boolean;
  timers: unknown[];
}

const SHOWN_MS = 250;
const CONSIDERED_MS = 750;
const TYPED_THROUGH = 3; // characters
const REMEMBERED = 256; // suggestions: the pipeline offers no older one again
const PAIRS = ["()", "[]", "{}", '""', "''", "``", "<>"];

/**
 * Reports the outcome of suggestions by these rules: shown after 250 ms in place with focus, considered after 750 ms or
 * when accepted, typed through after three characters, kept if the text is still there at 30, 120, 300 and 600 s.
 * The stable API reports only that an accepted item's command ran. That is certain, and holds whatever was inferred
 * before it from changes, cursor and focus: however the editor inserted the text, and however late the command comes.
 * A suggestion that ended and is offered again is the same one: each of its outcomes is told once.
 * It cannot detect that the editor showed another extension's suggestion instead: hence "probably shown".
 */
export function createLifecycle({ clock, emit, onTyped = () => {}, textOf }: LifecycleOptions) {
  let chain: Chain | undefined;
  let focused = true;
  /** The suggestion of which a wrapper command is about to insert a part. */
  let partialExpected: Chain | undefined;
  /** Those that have ended, the last one last. */
  const ended = new Map<number, Chain>();
  const accepted = createAcceptedTexts({
    clock,
    textOf,
    onChecked: (one, seconds, kept, characters) => tell(one, { kind: "kept", seconds, kept, characters }),
  });

  type Detail<E> = E extends LifecycleEvent ? Omit<E, "id" | "languageId" | "atMs"> : never;
  const tell = (one: Pick<Chain, "id" | "languageId">, event: Detail<LifecycleEvent>): void =>
    emit({ id: one.id, languageId: one.languageId, atMs: clock.now(), ...event } as LifecycleEvent);

  function end(one: Chain, kind: "ignored" | "dismissed" | undefined): void {
    for (const timer of one.timers) clock.clearTimeout(timer);
    if (chain === one) chain = undefined;
    if (partialExpected === one) partialExpected = undefined;
    ended.delete(one.id);
    ended.set(one.id, one);
    if (ended.size > REMEMBERED) ended.delete(ended.keys().next().value!);
    // A suggestion that was never on the screen was not ignored.
    if (kind && one.shown && !one.partial) tell(one, { kind });
  }

  function show(one: Chain): void {
    if (one.shown) return;
    one.shown = true;
    tell(one, { kind: "shown" });
  }

  function consider(one: Chain): void {
    show(one);
    if (one.considered) return;
    one.considered = true;
    tell(one, { kind: "considered" });
  }

  function partly(one: Chain, characters: number): void {
    consider(one);
    if (one.partial) return;
    one.partial = true;
    tell(one, { kind: "partial", characters });
  }

  /** A change inserted the head of what is left, or all of it. */
  function take(one: Chain, inserted: string, byCommand: boolean, counted: number): void {
    const { taken, how } = takenBy(inserted, one.rest, byCommand);
    const typed = how === "typed" ? taken.length : 0;
    one.cursor += taken.length;
    one.rest = one.rest.slice(taken.length);
    one.typed += typed;
    if (one.rest === "") one.ending = { typed, counted };
    if (how === "all") one.inserted = true;
    if (how === "part") partly(one, taken.length);
    if (one.typed >= TYPED_THROUGH && !one.toldTyped) {
      one.toldTyped = true;
      tell(one, { kind: "typed-through" });
    }
    // Typed to its end, or its last character was accepted: then the command comes next.
    if (one.rest === "" && !one.inserted) end(one, undefined);
  }

  function change(one: Chain, changes: readonly DocumentChange[], counted: number): void {
    const byCommand = partialExpected === one;
    partialExpected = undefined;
    const taken = followAll(one, changes);
    if (one.overwritten && byCommand) partly(one, changes[0]!.inserted.length);
    if (one.overwritten || taken === undefined) end(one, "ignored");
    else if (!one.inserted) take(one, taken, byCommand, counted);
  }

  function begin({ id, uri, languageId, cursor, text }: ReturnedSuggestion): Chain {
    return {
      id,
      uri,
      languageId,
      returnedMs: clock.now(),
      whole: text,
      start: cursor,
      cursor,
      rest: text,
      typed: 0,
      ending: undefined,
      shown: false,
      considered: false,
      partial: false,
      accepted: false,
      toldTyped: false,
      inserted: false,
      overwritten: false,
      timers: [],
    };
  }

  return {
    /** The provider returned this to the editor, which still wanted it. */
    returned(suggestion: ReturnedSuggestion): void {
      const { id, uri } = suggestion;
      if (chain && (chain.id !== id || chain.uri !== uri)) end(chain, "ignored");
      const known = chain ?? ended.get(id);
      const one = known?.uri === uri ? known : begin(suggestion);
      offerAgain(one, suggestion);
      if (chain === one) return;
      ended.delete(id);
      chain = one;
      one.timers = [
        clock.setTimeout(() => focused && show(one), SHOWN_MS),
        clock.setTimeout(() => focused && one.shown && consider(one), CONSIDERED_MS),
      ];
    },

    /** @param typed characters of these changes that the user typed by hand, as far as the changes tell */
    changed(uri: string, changes: readonly DocumentChange[], typed = 0): void {
      const counted = chain?.uri === uri && chain === partialExpected ? 0 : typed;
      if (counted > 0) onTyped(counted);
      for (const change of changes) {
        accepted.changed(uri, change);
        for (const one of ended.values()) if (one.uri === uri) move(one, change);
      }
      if (chain?.uri === uri && changes.length > 0) change(chain, changes, counted);
    },

    moved(uri: string, cursor: number): void {
      if (!chain || chain.inserted) return;
      if (chain.uri !== uri || cursor !== chain.cursor) end(chain, "ignored");
    },

    focus(has: boolean): void {
      focused = has;
      if (!has && chain && !chain.shown) end(chain, undefined);
    },

    /** The accepted item's command ran: certain, whatever became of the suggestion by the changes. */
    accepted(id: number): void {
      const one = chain?.id === id ? chain : ended.get(id);
      if (!one) return;
      const { languageId, uri, whole, start, cursor, rest, inserted, overwritten, ending } = one;
      if (ending?.counted) onTyped(-ending.counted);
      one.typed -= ending?.typed ?? 0;
      one.ending = undefined;
      consider(one);
      if (!one.accepted)
        tell(one, {
          kind: "accepted",
          characters: whole.length,
          lines: whole.split("\n").length,
          afterMs: clock.now() - one.returnedMs,
          typed: one.typed,
        });
      one.accepted = true;
      one.partial = true; // reported; it can no longer count as ignored
      const isIn = rest === "" || inserted || overwritten;
      accepted.watch({ id, languageId, uri, text: whole, start, expectedAt: isIn ? undefined : cursor });
      end(one, undefined);
    },

    /** A command of ours is about to accept a word or a line. @returns what to call when it has run */
    partialCommand(): () => void {
      const expected = chain;
      partialExpected = expected;
      return () => {
        // Nothing was inserted: what the user types next is typed by hand.
        if (partialExpected === expected) partialExpected = undefined;
      };
    },

    dismissed(): void {
      if (chain) end(chain, "dismissed");
    },

    closed(uri: string): void {
      if (chain?.uri === uri) end(chain, "ignored");
      accepted.closed(uri);
    },

    /** The current suggestion, if there is one. */
    get current(): { readonly id: number; readonly uri: string; readonly cursor: number } | undefined {
      return chain;
    },

    dispose(): void {
      if (chain) end(chain, undefined);
      accepted.dispose();
    },
  };
}

export type Lifecycle = ReturnType<typeof createLifecycle>;

/** The suggestion is offered as `text` at `cursor`: grown, typed into, or at its place once more. */
function offerAgain(one: Chain, { cursor, text }: ReturnedSuggestion): void {
  const passed = cursor - one.start;
  const isThere = passed >= 0 && passed <= one.whole.length;
  one.whole = (isThere ? one.whole.slice(0, passed) : "") + text;
  if (!isThere) one.start = cursor;
  one.cursor = cursor;
  one.rest = text;
  one.ending = undefined;
  one.inserted = false;
  one.overwritten = false;
}

/** Its place, moved along by a change that ends before it. */
function move(one: Chain, change: DocumentChange): void {
  const isOwn = change.offset === one.start && change.removed === 0; // typed or accepted there, in whatever pieces
  if (isOwn) return;
  one.cursor = shifted(one.cursor, change);
  one.start = shifted(one.start, change);
}

/** Moves a suggestion by the changes of one event. @returns what they inserted of it; undefined if nothing */
function followAll(one: Chain, changes: readonly DocumentChange[]): string | undefined {
  let taken: string | undefined;
  for (const change of changes) {
    const fit = taken === undefined ? fitOf(one, change) : besideOrOther(one, change);
    if (fit === "other") one.overwritten = true;
    if (fit === "all") one.inserted = true;
    if (fit === "head" || fit === "all") taken = change.inserted;
    else move(one, change);
  }
  return taken;
}

/** How much of `rest` an insertion is, and whether the user typed it, accepted a part, or perhaps all of it. */
function takenBy(inserted: string, rest: string, byCommand: boolean) {
  if (byCommand) return { taken: inserted, how: "part" } as const;
  if (inserted === rest && inserted.length > 1) return { taken: inserted, how: "all" } as const;
  // The editor closes a bracket or a quote as it is typed: one key, not an accept.
  const taken = PAIRS.includes(inserted) ? inserted[0]! : inserted;
  return { taken, how: taken.length > 1 && taken.trim() !== "" ? "part" : "typed" } as const;
}

type Fit =
  /** The head of what is left, at its place. */
  | "head"
  /** All that is left, with what the editor replaced left of the cursor. */
  | "all"
  /** Before the suggestion or after the cursor, as imports that are added and brackets that are removed. */
  | "beside"
  /** Not what the suggestion offers. */
  | "other";

function fitOf(one: Chain, change: DocumentChange): Fit {
  const { offset, inserted } = change;
  const { cursor, rest } = one;
  const pair = PAIRS.includes(inserted) && rest[0] === inserted[0];
  if (offset === cursor && inserted !== "" && (rest.startsWith(inserted) || pair)) return "head";
  // An accepted item may replace the brackets right of the cursor, or the selected IntelliSense item's range.
  if (inserted.endsWith(rest) && offset <= cursor && rest.length > 1) return "all";
  return besideOrOther(one, change);
}

function besideOrOther({ start, cursor }: Chain, { offset, removed, inserted }: DocumentChange): Fit {
  const isBefore = offset + removed <= start && (offset < start || inserted === "");
  const isAfter = offset > cursor || (offset === cursor && inserted === "");
  return isBefore || isAfter ? "beside" : "other";
}
