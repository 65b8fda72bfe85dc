import { autoClosed, type Stand, TAIL } from "./text/index.ts";

/** A suggestion that was made, and where. It lives on while it is typed or accepted piece by piece. */
export interface Entry {
  readonly id: number;
  readonly stand: Stand;
  /** What goes in at the stand's cursor, filtered; grows while its decode goes on. */
  text: string;
  readonly multiLine: boolean;
  readonly acceptEstimate: number;
  dismissed: boolean;
}

export interface Hit {
  readonly entry: Entry;
  /** Characters of the entry that stand before the cursor already. */
  readonly typed: number;
  /** Closing brackets that the editor has put right of the cursor meanwhile. */
  readonly closers: string;
}

const ENTRIES = 250;

/**
 * The suggestions of this session, most recently used last. Finds the one whose place and head are what stands before
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

    find(stand: Stand): Hit | undefined {
      for (let index = entries.length - 1; index >= 0; index--) {
        const entry = entries[index]!;
        if (entry.stand.uri !== stand.uri) continue;
        const typed = typedHead(entry, stand.before);
        if (typed === undefined || typed >= entry.text.length) continue;
        const closers = autoClosed(entry.stand.after, stand.after);
        if (closers === undefined) continue;
        entries.splice(index, 1);
        entries.push(entry);
        return { entry, typed, closers };
      }
      return undefined;
    },

    /** Whether a suggestion has just been typed or accepted to its end. */
    endsAt: (stand: Stand): boolean =>
      entries.some(
        ({ stand: from, text }) =>
          from.uri === stand.uri &&
          stand.before.endsWith(text) &&
          stand.before.endsWith(from.before.slice(-TAIL), stand.before.length - text.length) &&
          autoClosed(from.after, stand.after) !== undefined,
      ),

    forget(uri?: string): void {
      entries = uri === undefined ? [] : entries.filter(({ stand }) => stand.uri !== uri);
    },
  };
}

/** How much of the entry's text stands before the cursor, after the entry's own place; the longest reading wins. */
function typedHead({ stand, text }: Entry, before: string): number | undefined {
  const tail = stand.before.slice(-TAIL);
  for (let typed = Math.min(text.length, before.length); typed >= 0; typed--) {
    if (typed > 0 && before[before.length - 1] !== text[typed - 1]) continue;
    const at = before.length - typed;
    if (before.endsWith(tail, at) && before.startsWith(text.slice(0, typed), at)) return typed;
  }
  return undefined;
}

/** Where the cursor would stand if the suggestion were accepted, and Enter pressed after a whole line. */
export function acceptedStand({ stand, text }: Entry): Stand {
  const before = stand.before + text;
  const after = stand.after;
  if (!/^[^\S\n]*(?:\n|$)/.test(after)) return { ...stand, before };
  const line = before.slice(before.lastIndexOf("\n") + 1);
  const indent = /^[ \t]*/.exec(line)![0];
  const unit = indent.startsWith("\t") ? "\t" : "  ";
  const deeper = /[{([:]\s*$/.test(line) ? unit : "";
  return { ...stand, before: `${before}\n${indent}${deeper}` };
}
