import type { ReadableFile } from "../contract.ts";
import { lineStartOf } from "../text/index.ts";
import { type DocumentChange, type EditReason, touches } from "./changes.ts";

/** A stretch of a document as it is now, in UTF-16 units, that was edited lately. */
export interface EditedLines {
  readonly uri: string;
  readonly start: number;
  readonly end: number;
  readonly atMs: number;
}

/** The lines of an edit as they are now, with some around it: what ghost text in another file may read. */
export interface RecentLines extends ReadableFile {
  readonly path: string;
  readonly text: string;
  readonly atMs: number;
}

const MAX = 16; // of all documents; the oldest goes
const JOINED = 3; // lines between two edits that are one
const AROUND = 2; // lines that are told above and below
const MAX_TOLD = 4096; // characters: what is longer is data

/**
 * Where documents were edited lately. Unlike hunks these are joined however long the user paused between them, and a paste or a
 * rename in many places counts too: they say what was worked on, and not what it was before.
 */
export function createEditedLines() {
  let all: readonly EditedLines[] = []; // oldest first

  function add(uri: string, text: string, change: DocumentChange, atMs: number): void {
    const { offset, removed, inserted } = change;
    const from = startAbove(text, offset, JOINED);
    const reach = { offset: from, removed: endBelow(text, offset + removed, JOINED) - from };
    const isJoined = (one: EditedLines) => one.uri === uri && touches(one, reach);
    const joined = all.filter(isJoined);
    const start = Math.min(offset, ...joined.map((one) => one.start));
    const end = Math.max(offset + removed, ...joined.map((one) => one.end)) + inserted.length - removed;
    const others = all.filter((one) => !isJoined(one)).map((one) => follow(one, uri, change));
    all = [...others, { uri, start, end, atMs }].slice(-MAX);
  }

  return {
    /** @param text the document's before the change */
    changed(uri: string, text: string, change: DocumentChange, atMs: number, reason: EditReason): void {
      if (ADDS.has(reason)) add(uri, text, change, atMs);
      else all = all.map((one) => follow(one, uri, change));
    },
    /** The document has another name from now on. */
    renamed(uri: string, to: string): void {
      all = all.map((one) => (one.uri === uri ? { ...one, uri: to } : one));
    },
    forget(uri: string): void {
      all = all.filter((one) => one.uri !== uri);
    },
    /** Oldest first. */
    all: (): readonly EditedLines[] => all,
  };
}

/** What a formatter does, and what undo and redo bring back, only moves what was edited. */
const ADDS: ReadonlySet<EditReason> = new Set(["typed", "accepted", "bulk"]);

/** Whole lines with some around them, and their line ends; undefined where they are too long. */
export function textAround(text: string, { start, end }: EditedLines): string | undefined {
  if (end - start > MAX_TOLD) return undefined;
  const lines = text.slice(startAbove(text, start, AROUND), endBelow(text, end, AROUND) + 1);
  return lines.length > MAX_TOLD ? undefined : lines.replaceAll("\r\n", "\n");
}

/** The start of the line that is some lines above a place. */
function startAbove(text: string, offset: number, lines: number): number {
  let at = lineStartOf(text, offset);
  for (let left = lines; left > 0 && at > 0; left--) at = lineStartOf(text, at - 1);
  return at;
}

/** The end of the line that is some lines below a place, without its line end. */
function endBelow(text: string, offset: number, lines: number): number {
  let end = text.indexOf("\n", offset);
  for (let left = lines; left > 0 && end !== -1; left--) end = text.indexOf("\n", end + 1);
  return end === -1 ? text.length : end;
}

/** After a change beside it, or over it: then it has what came in the place of its part. */
function follow(one: EditedLines, uri: string, { offset, removed, inserted }: DocumentChange): EditedLines {
  if (one.uri !== uri) return one;
  const to = offset + removed;
  const shift = inserted.length - removed;
  const start = one.start < offset ? one.start : one.start >= to ? one.start + shift : offset;
  const end = one.end <= offset ? one.end : one.end >= to ? one.end + shift : offset + inserted.length;
  return { ...one, start, end: Math.max(start, end) };
}
