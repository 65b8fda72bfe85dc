import type { ReadableFile } from "../contract.ts";
import { lineOf, lineStartOf } from "../text/index.ts";
import {
  applyChange,
  changedInside,
  type DocumentChange,
  type EditReason,
  grown,
  moved,
  type Region,
} from "./changes.ts";

/** What was edited, as it was then: enough to tell of it without the document. */
export interface PastEdit {
  readonly path: string;
  /** Of a document that was given another name; then `before` and `after` are empty. */
  readonly renamedFrom?: string;
  /** Whole lines without the last one's end, in the document's line ends. */
  readonly before: string;
  readonly after: string;
  /** Of its first line, from 0. */
  readonly line: number;
  /** Lines beside it, at most 3 each way. */
  readonly above: readonly string[];
  readonly below: readonly string[];
  /** One of the suggestions that the user took is in it. */
  readonly accepted: boolean;
  /** Grows from edit to edit, over all documents. */
  readonly order: number;
}

/** Lines that were edited together. Its place is where `after` is now, unless it `stands` no more. */
export interface Hunk extends Region, PastEdit {
  readonly stands: boolean;
  readonly atMs: number;
}

const CONTEXT_LINES = 3;
const CONTEXT_CHARACTERS = 512; // of a line: a longer one is data, and what is behind it as well
const JOINED_LINES = 8;
const JOINED_MS = 1000; // a longer pause begins another
const MAX_HUNKS = 10; // of a document
const MAX_BYTES = 6 << 10; // of one, before and after together

/** The edits of documents in larger pieces: those within 8 lines and 1 s are one. What undo brings back is in none. */
export function createHunks() {
  const byDocument = new Map<string, Hunk[]>();
  let renames: PastEdit[] = [];
  let order = 0;

  return {
    /** @param text the document's before the change */
    changed(
      { uri, path }: NamedFile,
      text: string,
      change: DocumentChange,
      atMs: number,
      reason: EditReason,
    ): void {
      const hunks = byDocument.get(uri) ?? [];
      const lines = linesAround(text, change.offset, change.offset + change.removed);
      const newest = hunks.at(-1);
      const joins =
        newest?.stands === true &&
        (reason === "undo" || reason === "redo" || atMs - newest.atMs <= JOINED_MS) &&
        linesApart(text, newest, lines) <= JOINED_LINES;
      if (reason !== "typed" && reason !== "accepted" && !joins) {
        byDocument.set(
          uri,
          hunks.map((hunk) => followed(hunk, change)),
        );
        return;
      }
      const fresh: Region = { ...lines, before: text.slice(lines.start, lines.end) };
      const region = changedInside(joins ? grown(newest, text, lines.start, lines.end) : fresh, change);
      const now = applyChange(text, change);
      const after = now.slice(region.start, region.end);
      const others = (joins ? hunks.slice(0, -1) : hunks).map((hunk) => followed(hunk, change));
      const accepted = reason === "accepted" || (joins && newest.accepted);
      const isEdit = after !== region.before && bytesOf(after) + bytesOf(region.before) <= MAX_BYTES;
      const hunk = () => ({
        ...region,
        ...surroundingsOf(now, region),
        path,
        after,
        accepted,
        atMs,
        stands: true,
        order: ++order,
      });
      byDocument.set(uri, (isEdit ? [...others, hunk()] : others).slice(-MAX_HUNKS));
    },
    /** The document has another name from now on. */
    renamed(uri: string, from: string, to: NamedFile): void {
      const hunks = byDocument.get(uri);
      byDocument.delete(uri);
      if (hunks) byDocument.set(to.uri, hunks);
      const none = { before: "", after: "", line: 0, above: [], below: [], accepted: false };
      const rename = { ...none, path: to.path, renamedFrom: from, order: ++order };
      renames = [...renames, rename].slice(-MAX_HUNKS);
    },
    renames: (): readonly PastEdit[] => renames,
    of: (uri: string): readonly Hunk[] => byDocument.get(uri) ?? [],
    forget: (uri: string): boolean => byDocument.delete(uri),
  };
}

type NamedFile = Pick<ReadableFile, "uri" | "path">;

function surroundingsOf(text: string, { start, end }: Region): Pick<Hunk, "line" | "above" | "below"> {
  // What was changed at its edges since, and is no edit of the user's, may have put these within a line.
  const top = lineStartOf(text, start);
  const above: string[] = [];
  for (let at = top; at > 0 && above.length < CONTEXT_LINES; at -= above[0]!.length + 1) {
    const from = lineStartOf(text, at - 1);
    if (at - 1 - from > CONTEXT_CHARACTERS) break;
    above.unshift(text.slice(from, at - 1));
  }
  const bottom = text.indexOf("\n", end);
  const below: string[] = [];
  for (
    let at = bottom === -1 ? text.length : bottom + 1;
    at < text.length && below.length < CONTEXT_LINES;
    at += below.at(-1)!.length + 1
  ) {
    const found = text.indexOf("\n", at);
    const to = found === -1 ? text.length : found;
    if (to - at > CONTEXT_CHARACTERS) break;
    below.push(text.slice(at, to));
  }
  return { line: lineOf(text, start), above, below };
}

/** In UTF-8; of a text that is longer than any hunk only that it is. */
const bytesOf = (text: string): number =>
  text.length > MAX_BYTES ? text.length : new TextEncoder().encode(text).length;

function followed(hunk: Hunk, change: DocumentChange): Hunk {
  if (!hunk.stands) return hunk;
  return moved(hunk, change) ?? { ...hunk, stands: false };
}

function linesAround(text: string, from: number, to: number): { start: number; end: number } {
  const end = text.indexOf("\n", to);
  return { start: lineStartOf(text, from), end: end === -1 ? text.length : end };
}

/** Lines from the end of one range to the start of the other; 0 where they are on one line or overlap. */
function linesApart(
  text: string,
  a: Pick<Region, "start" | "end">,
  b: Pick<Region, "start" | "end">,
): number {
  const [first, second] = a.start <= b.start ? [a, b] : [b, a];
  if (second.start <= first.end) return 0;
  return text.slice(first.end, second.start).split("\n").length - 1;
}
