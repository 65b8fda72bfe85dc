import {
  applyChange,
  changedInside,
  type DocumentChange,
  type EditReason,
  grown,
  moved,
  type Region,
} from "./changes.ts";

/** Lines that were edited together. */
export interface Hunk extends Region {
  /** Where its text is now, whole lines without the last one's end, unless it `stands` no more. */
  readonly after: string;
  readonly stands: boolean;
  readonly atMs: number;
  /** One of the suggestions that the user took is in it. */
  readonly accepted: boolean;
}

const JOINED_LINES = 8;
const JOINED_MS = 1000; // a longer pause begins another
const MAX_HUNKS = 10; // of a document
const MAX_BYTES = 6 << 10; // of one, before and after together

/** The edits of documents in larger pieces: those within 8 lines and 1 s are one. What undo brings back is in none. */
export function createHunks() {
  const byDocument = new Map<string, Hunk[]>();

  return {
    /** @param text the document's before the change */
    changed(uri: string, text: string, change: DocumentChange, atMs: number, reason: EditReason): void {
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
      const after = applyChange(text, change).slice(region.start, region.end);
      const others = (joins ? hunks.slice(0, -1) : hunks).map((hunk) => followed(hunk, change));
      const accepted = reason === "accepted" || (joins && newest.accepted);
      const isEdit = after !== region.before && bytesOf(after) + bytesOf(region.before) <= MAX_BYTES;
      const all = isEdit ? [...others, { ...region, after, stands: true, atMs, accepted }] : others;
      byDocument.set(uri, all.slice(-MAX_HUNKS));
    },
    of: (uri: string): readonly Hunk[] => byDocument.get(uri) ?? [],
    forget: (uri: string): boolean => byDocument.delete(uri),
  };
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
  return { start: text.lastIndexOf("\n", from - 1) + 1, end: end === -1 ? text.length : end };
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
