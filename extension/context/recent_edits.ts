// Where a document was changed lately, in lines; kept up to date as later changes move them.

export interface LineChange {
  /** Lines from 0: those that the change touched, before it. */
  readonly start: number;
  readonly end: number;
  /** Line ends in what was inserted. */
  readonly insertedLines: number;
}

/** Lines [start, end] as the document has them now. */
export interface Hunk {
  readonly uri: string;
  readonly start: number;
  readonly end: number;
  readonly atMs: number;
}

const MAX_INSERTED = 1 << 18; // characters at once: more are data, and counting their lines would keep the host's thread
const MAX_HUNKS = 16;
const JOINED = 3; // lines between two changes that are one hunk

interface TextChange {
  readonly range: { readonly start: { readonly line: number }; readonly end: { readonly line: number } };
  readonly text: string;
}

/** An event's changes by lines; undefined where it inserts so much that the lines are not counted. */
export function lineChanges(changes: readonly TextChange[]): LineChange[] | undefined {
  if (changes.some(({ text }) => text.length > MAX_INSERTED)) return undefined;
  return changes.map(({ range: { start, end }, text }) => ({
    start: start.line,
    end: end.line,
    insertedLines: text.split("\n").length - 1,
  }));
}

export function createRecentEdits(now: () => number) {
  let hunks: Hunk[] = []; // oldest first

  function note(uri: string, { start, end, insertedLines }: LineChange): void {
    const shift = insertedLines - (end - start);
    let joined = { start, end: start + insertedLines };
    const others: Hunk[] = [];
    for (const hunk of hunks) {
      if (hunk.uri !== uri || hunk.end < start - JOINED) others.push(hunk);
      else if (hunk.start > end + JOINED)
        others.push({ ...hunk, start: hunk.start + shift, end: hunk.end + shift });
      else {
        const hunkEnd = hunk.end > end ? hunk.end + shift : joined.end;
        joined = { start: Math.min(joined.start, hunk.start), end: Math.max(joined.end, hunkEnd) };
      }
    }
    hunks = [...others, { uri, ...joined, atMs: now() }].slice(-MAX_HUNKS);
  }

  return {
    /** The changes of one event, as VS Code orders them: from the document's end to its start. */
    changed(uri: string, changes: readonly LineChange[]): void {
      for (const change of changes) note(uri, change);
    },
    forget(uri: string): void {
      hunks = hunks.filter((hunk) => hunk.uri !== uri);
    },
    get hunks(): readonly Hunk[] {
      return hunks;
    },
  };
}
