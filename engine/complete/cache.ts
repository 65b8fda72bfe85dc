import { autoClosed, type CursorText, TAIL } from "./text/index.ts";

/** A suggestion and its place. It stays while the user types it or accepts it piece by piece. */
export interface Entry {
  readonly id: number;
  readonly cursorText: CursorText;
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
 * the cursor: as it was made, typed through, accepted in part, or typed again after a deletion.
 */
export function createCache() {
  let entries: Entry[] = [];

  return {
    add(entry: Entry): void {
      entries.push(entry);
      if (entries.length > ENTRIES) entries.shift();
    },

    get: (id: number): Entry | undefined => entries.find((entry) => entry.id === id),

    find(cursorText: CursorText): Hit | undefined {
      for (let index = entries.length - 1; index >= 0; index--) {
        const entry = entries[index]!;
        if (entry.cursorText.uri !== cursorText.uri) continue;
        const typed = typedHead(entry, cursorText.before);
        if (typed === undefined || typed >= entry.text.length) continue;
        const closers = autoClosed(entry.cursorText.after, cursorText.after);
        if (closers === undefined) continue;
        entries.splice(index, 1);
        entries.push(entry);
        return { entry, typed, closers };
      }
      return undefined;
    },

    /** Whether a suggestion has just been typed or accepted to its end. */
    endsAt: (cursorText: CursorText): boolean =>
      entries.some(
        ({ cursorText: from, text }) =>
          from.uri === cursorText.uri &&
          cursorText.before.endsWith(text) &&
          cursorText.before.endsWith(from.before.slice(-TAIL), cursorText.before.length - text.length) &&
          autoClosed(from.after, cursorText.after) !== undefined,
      ),

    forget(uri?: string): void {
      entries = uri === undefined ? [] : entries.filter(({ cursorText }) => cursorText.uri !== uri);
    },
  };
}

/** How much of the entry's text is before the cursor, after the entry's own place; the longest match wins. */
function typedHead({ cursorText, text }: Entry, before: string): number | undefined {
  const tail = cursorText.before.slice(-TAIL);
  for (let typed = Math.min(text.length, before.length); typed >= 0; typed--) {
    if (typed > 0 && before[before.length - 1] !== text[typed - 1]) continue;
    const at = before.length - typed;
    if (before.endsWith(tail, at) && before.startsWith(text.slice(0, typed), at)) return typed;
  }
  return undefined;
}

/** The text around the cursor after accepting the suggestion, and after Enter if nothing follows on its line. */
export function acceptedCursorText({ cursorText, text }: Entry): CursorText {
  const before = cursorText.before + text;
  const after = cursorText.after;
  if (!/^[^\S\n]*(?:\n|$)/.test(after)) return { ...cursorText, before };
  const line = before.slice(before.lastIndexOf("\n") + 1);
  const indent = /^[ \t]*/.exec(line)![0];
  const unit = indent.startsWith("\t") ? "\t" : "  ";
  const deeper = /[{([:]\s*$/.test(line) ? unit : "";
  return { ...cursorText, before: `${before}\n${indent}${deeper}` };
}
