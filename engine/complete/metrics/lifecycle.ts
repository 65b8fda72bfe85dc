import { distance } from "fastest-levenshtein";
import type { Clock } from "../../contract/index.ts";

/** The outcome of a suggestion, reported as it happens. It holds counts of characters and lines, never the text. */
export type LifecycleEvent = { readonly id: number; readonly languageId: string; readonly atMs: number } & (
  | /** On the screen for 250 ms, as far as an extension can tell. */ { readonly kind: "shown" }
  | /** On the screen for 750 ms, or accepted before. */ { readonly kind: "considered" }
  | {
      readonly kind: "accepted";
      readonly characters: number;
      readonly lines: number;
      readonly afterMs: number;
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

export interface DocumentChange {
  readonly offset: number;
  readonly removed: number;
  readonly inserted: string;
}

export interface LifecycleOptions {
  readonly clock: Clock;
  readonly emit: (event: LifecycleEvent) => void;
  /** A document's text now; undefined where it is closed. */
  readonly textOf: (uri: string) => string | undefined;
}

/** One suggestion, from its return to its end; typing into it does not end it. */
interface Chain {
  readonly id: number;
  readonly uri: string;
  readonly languageId: string;
  readonly whole: string;
  readonly start: number;
  readonly returnedMs: number;
  cursor: number;
  rest: string;
  typed: number;
  shown: boolean;
  considered: boolean;
  partial: boolean;
  toldTyped: boolean;
  /** One change inserted all of it: the accept command tells whether that was an accept. */
  inserted: boolean;
  timers: unknown[];
}

const SHOWN_MS = 250;
const CONSIDERED_MS = 750;
const KEPT_SECONDS = [30, 120, 300, 600];
const PAIRS = ["()", "[]", "{}", '""', "''", "``", "<>"];

/**
 * Reports the outcome of suggestions by these rules: shown after 250 ms in place with focus, considered after 750 ms or
 * when accepted, typed through after three characters, kept if the text is still nearby at 30, 120, 300 and 600 s.
 * The stable API reports only that an accepted item's command ran; the rest is inferred from changes, cursor and focus.
 * It cannot detect that the editor showed another extension's suggestion instead: hence "probably shown".
 */
export function createLifecycle({ clock, emit, textOf }: LifecycleOptions) {
  let chain: Chain | undefined;
  let focused = true;
  /** A wrapper command is about to insert a part. */
  let partialExpected = false;

  type Detail<E> = E extends LifecycleEvent ? Omit<E, "id" | "languageId" | "atMs"> : never;
  const tell = (one: Chain, event: Detail<LifecycleEvent>): void =>
    emit({ id: one.id, languageId: one.languageId, atMs: clock.now(), ...event } as LifecycleEvent);

  function end(one: Chain, kind: "ignored" | "dismissed" | undefined): void {
    for (const timer of one.timers) clock.clearTimeout(timer);
    if (chain === one) chain = undefined;
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

  function take(one: Chain, inserted: string): void {
    const whole = inserted === one.rest && inserted.length > 1;
    const byCommand = partialExpected;
    partialExpected = false;
    // The editor closes a bracket or a quote as it is typed: one key, not an accept.
    const pair = PAIRS.includes(inserted) && !byCommand && !whole;
    const taken = pair ? inserted[0]! : inserted;
    one.cursor += taken.length;
    one.rest = one.rest.slice(taken.length);
    if (whole && !byCommand) one.inserted = true;
    else if (byCommand || (taken.length > 1 && taken.trim() !== "")) partly(one, taken.length);
    else {
      one.typed += taken.length;
      if (one.typed >= 3 && !one.toldTyped) {
        one.toldTyped = true;
        tell(one, { kind: "typed-through" });
      }
    }
    if (one.rest === "" && !one.inserted) end(one, undefined);
  }

  function watch(one: Chain): void {
    const text = one.whole.trim();
    if (text === "") return;
    for (const seconds of KEPT_SECONDS)
      clock.setTimeout(() => {
        const now = textOf(one.uri);
        if (now === undefined) return;
        tell(one, { kind: "kept", seconds, kept: isKept(now, one.start, text), characters: text.length });
      }, seconds * 1000);
  }

  return {
    /** The provider returned this to the editor, which still wanted it. */
    returned({ id, uri, languageId, cursor, text }: ReturnedSuggestion): void {
      if (chain?.id === id && chain.uri === uri) {
        chain.cursor = cursor;
        chain.rest = text;
        return;
      }
      if (chain) end(chain, "ignored");
      const one: Chain = {
        id,
        uri,
        languageId,
        whole: text,
        start: cursor,
        returnedMs: clock.now(),
        cursor,
        rest: text,
        typed: 0,
        shown: false,
        considered: false,
        partial: false,
        toldTyped: false,
        inserted: false,
        timers: [],
      };
      chain = one;
      one.timers.push(
        clock.setTimeout(() => focused && show(one), SHOWN_MS),
        clock.setTimeout(() => focused && one.shown && consider(one), CONSIDERED_MS),
      );
    },

    changed(uri: string, changes: readonly DocumentChange[]): void {
      if (!chain || chain.uri !== uri || changes.length === 0) return;
      const [change] = changes;
      const { offset, inserted } = change!;
      const pair = PAIRS.includes(inserted) && chain.rest[0] === inserted[0];
      const follows = inserted !== "" && (chain.rest.startsWith(inserted) || pair);
      if (changes.length === 1 && offset === chain.cursor && follows) take(chain, inserted);
      // An accepted item may replace the brackets right of the cursor, or the selected IntelliSense item's range.
      else if (
        changes.length === 1 &&
        inserted.endsWith(chain.rest) &&
        offset <= chain.cursor &&
        chain.rest.length > 1
      )
        chain.inserted = true;
      else end(chain, "ignored");
    },

    moved(uri: string, cursor: number): void {
      if (!chain || chain.inserted) return;
      if (chain.uri !== uri || cursor !== chain.cursor) end(chain, "ignored");
    },

    focus(has: boolean): void {
      focused = has;
      if (!has && chain && !chain.shown) end(chain, undefined);
    },

    /** The accepted item's command ran. */
    accepted(id: number): void {
      if (chain?.id !== id) return;
      const one = chain;
      consider(one);
      tell(one, {
        kind: "accepted",
        characters: one.whole.length,
        lines: one.whole.split("\n").length,
        afterMs: clock.now() - one.returnedMs,
      });
      watch(one);
      one.partial = true; // reported; it can no longer count as ignored
      end(one, undefined);
    },

    /** A command of ours is about to accept a word or a line. */
    partialCommand(): void {
      partialExpected = chain !== undefined;
    },

    dismissed(): void {
      if (chain) end(chain, "dismissed");
    },

    closed(uri: string): void {
      if (chain?.uri === uri) end(chain, "ignored");
    },

    /** The current suggestion, if there is one. */
    get current(): { readonly id: number; readonly uri: string; readonly cursor: number } | undefined {
      return chain;
    },

    dispose(): void {
      if (chain) end(chain, undefined);
    },
  };
}

export type Lifecycle = ReturnType<typeof createLifecycle>;

const NEAR = 50;
const FAR = 1500; // characters: margins, and half of the text as edit distance, are those of Copilot's completions

/** Whether `text`, accepted at `start`, is still there: word for word within 1,500 characters, or half of it nearby. */
function isKept(document: string, start: number, text: string): boolean {
  if (document.slice(Math.max(0, start - FAR), start + text.length + FAR).includes(text)) return true;
  const allowed = text.length / 2;
  for (let shift = 0; shift <= NEAR; shift++)
    for (const at of [start - shift, start + shift]) {
      if (at < 0) continue;
      if (distance(document.slice(at, at + text.length), text) <= allowed) return true;
    }
  return false;
}
