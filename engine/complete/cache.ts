import type { PromptParts } from "../contract/index.ts";
import {
  autoClosed,
  type CursorText,
  depthOf,
  isSameBefore,
  isSameContext,
  leadingWhite,
  TAIL,
  typedHead,
} from "./text/index.ts";

/** A place in a document, and what else an answer there depends on. */
export interface Wanted {
  readonly cursorText: CursorText;
  /** From `answerKey`. */
  readonly key: string;
}

/** A suggestion and its place. It stays while the user types it or accepts it piece by piece. */
export interface Entry extends Wanted {
  readonly id: number;
  /** The prompt that it answers: of the text after the cursor, the model has seen this suffix only. */
  readonly prompt: Pick<PromptParts, "suffix" | "context">;
  /** The filtered text to insert between `before` and `after`; grows while its decode runs. */
  text: string;
  readonly multiLine: boolean;
  readonly acceptEstimate: number;
  dismissed: boolean;
}

export interface Hit {
  readonly entry: Entry;
  /** Characters of the entry that are before the cursor already. */
  readonly typed: number;
  /** Closing brackets that the editor has put right of the cursor meanwhile. */
  readonly closers: string;
}

const ENTRIES = 250;

/**
 * The suggestions of this session, most recently used last. Finds the one whose place and head match the text before
 * the cursor: as it was made, typed through, accepted in part, or typed again after a deletion. All that the model has
 * seen must be as it was: the text around the cursor, the document's path and language, settings, other files.
 * @param contextOf the pieces of other files that a document's prompts have now
 */
export function createCache(contextOf: (uri: string) => PromptParts["context"] | undefined) {
  let entries: Entry[] = [];
  let shown: Entry | undefined;

  function hitOf(entry: Entry, { cursorText, key }: Wanted): Hit | undefined {
    const { cursorText: own, text } = entry;
    if (own.uri !== cursorText.uri || entry.key !== key) return undefined;
    const typed = headOf(entry, cursorText.before);
    if (typed === undefined || typed >= text.length) return undefined;
    const closers = autoClosed(own.after, cursorText.after, depthOf(entry.prompt));
    return closers === undefined ? undefined : { entry, typed, closers };
  }

  /** What is on the screen stays there: it does not change because other files are read again meanwhile. */
  function isCurrent(entry: Entry): boolean {
    if (entry === shown) return true;
    const context = contextOf(entry.cursorText.uri);
    return context !== undefined && isSameContext(context, entry.prompt.context);
  }

  return {
    add(entry: Entry): void {
      entries.push(entry);
      if (entries.length > ENTRIES) entries.shift();
    },

    get: (id: number): Entry | undefined => entries.find((entry) => entry.id === id),

    find(wanted: Wanted): Hit | undefined {
      for (let index = entries.length - 1; index >= 0; index--) {
        const entry = entries[index]!;
        const hit = hitOf(entry, wanted);
        if (!hit || !isCurrent(entry)) continue;
        entries.splice(index, 1);
        entries.push(entry);
        return hit;
      }
      return undefined;
    },

    /** The entry is on the screen, or was there last. */
    show(entry: Entry): void {
      shown = entry;
    },

    /** Whether a suggestion has just been typed or accepted to its end. */
    endsAt: (cursorText: CursorText): boolean =>
      entries.some(
        ({ cursorText: from, text }) =>
          from.uri === cursorText.uri &&
          cursorText.before.endsWith(text) &&
          isSameBefore(from.before, cursorText.before.slice(0, cursorText.before.length - text.length)) &&
          autoClosed(from.after, cursorText.after) !== undefined,
      ),

    forget(uri?: string): void {
      entries = uri === undefined ? [] : entries.filter(({ cursorText }) => cursorText.uri !== uri);
    },
  };
}

/** How much of the entry's text is before the cursor, after the entry's own place. */
function headOf({ cursorText, text }: Entry, before: string): number | undefined {
  const tail = cursorText.before.slice(-TAIL);
  return typedHead(text, before, (head) => head.endsWith(tail) && isSameBefore(cursorText.before, head));
}

/**
 * The text around the cursor after accepting the suggestion, and after Enter if nothing follows on its line.
 * @param unit the white space of one level, as the editor indents
 */
export function acceptedCursorText({ cursorText, text }: Entry, unit: string): CursorText {
  const before = cursorText.before + text;
  const after = cursorText.after;
  if (!/^[^\S\n]*(?:\n|$)/.test(after)) return { ...cursorText, before };
  const line = before.slice(before.lastIndexOf("\n") + 1);
  const indent = leadingWhite(line);
  const deeper = /[{([:]\s*$/.test(line) ? unit : "";
  return { ...cursorText, before: `${before}\n${indent}${deeper}` };
}
