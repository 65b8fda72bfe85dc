import type { Clock } from "../../contract/index.ts";
import type { ReadableFile } from "../contract.ts";
import {
  applyChange,
  changedInside,
  type DocumentChange,
  type EditReason,
  grown,
  moved,
  type Region,
  smallest,
  touches,
} from "./changes.ts";
import { createEditedLines, type RecentLines, textAround } from "./edited_lines.ts";
import { createHunks, type Hunk, type PastEdit } from "./hunks.ts";
import { isSameButWhiteSpace, wordsAround } from "./words.ts";

/** A change of the user's, widened to whole words. */
export interface Edit extends Region {
  readonly id: number;
  readonly uri: string;
  /** What it made of `before`. Later edits may have changed it: then `start` and `end` are undefined places. */
  readonly after: string;
  /** Whether `after` is what the document has at [start, end). */
  readonly stands: boolean;
  /** Of an edit that went on with an older one: what was there before that. */
  readonly origin?: string;
  readonly reason: "typed" | "accepted";
  readonly atMs: number;
}

/** What the user took back, where it had been. */
export interface Undone extends Region {
  readonly after: string;
}

export interface FollowedDocument {
  readonly file: ReadableFile;
  readonly text: string;
  /** Oldest first. */
  readonly edits: readonly Edit[];
  readonly undone: readonly Undone[];
  /** Of the last change. */
  readonly last: { readonly reason: EditReason; readonly atMs: number; readonly end: number } | undefined;
}

export interface EditHistoryOptions {
  readonly clock: Pick<Clock, "now">;
  /** Secret files, ignored ones, and what the user has excluded: nothing of them is kept. */
  readonly isExcluded: (file: ReadableFile) => boolean;
}

/** Is told what the log was told, once it is in it. */
export interface HistoryListener {
  opened(file: ReadableFile): void;
  changed(uri: string, changes: readonly DocumentChange[], reason: EditReason): void;
  renamed(uri: string, file: ReadableFile): void;
  closed(uri: string): void;
}

/** A longer document is data, and following it would cost each keystroke its length. */
export const MAX_CHARACTERS = 1 << 18;
const MAX_DOCUMENTS = 50; // the one that was changed least lately goes
const MAX_EDITS = 32; // of a document
const MAX_EDIT = 4096; // characters, before and after together: what is longer is no edit to repeat
const MAX_UNDONE = 64;
const CONTINUES_MS = 30_000; // an edit that is touched again later is another one, which goes on with it
const BULK = { characters: 400, lines: 8 }; // one change larger than this is pasted, generated or cut

interface Followed {
  file: ReadableFile;
  text: string;
  edits: Edit[];
  undone: Undone[];
  last: FollowedDocument["last"];
}

/**
 * What the user has edited, document by document, as text: bounded, and nothing of an excluded file. It is the only log of edits:
 * next edits follow from it, and ghost text reads the lines that it names.
 */
export function createEditHistory({ clock, isExcluded }: EditHistoryOptions) {
  /** The one that was changed last is the last. */
  const documents = new Map<string, Followed>();
  const hunks = createHunks();
  const lines = createEditedLines();
  const listeners = new Set<HistoryListener>();
  let ids = 0;

  function forget(uri: string): void {
    documents.delete(uri);
    hunks.forget(uri);
    lines.forget(uri);
  }

  function reset(document: Followed): void {
    document.edits = [];
    document.undone = [];
    hunks.forget(document.file.uri);
  }

  /** The region that a change of the user's is part of, with what it touches of older ones, before it is made. */
  function regionFor(document: Followed, change: DocumentChange, touched: readonly Edit[], isSame: boolean) {
    const { text, edits } = document;
    const words = wordsAround(text, change);
    let region: Region = { ...words, before: text.slice(words.start, words.end) };
    let origin: string | undefined;
    for (const edit of touched) {
      const { start, end } = region;
      const goesOn = edit === edits.at(-1) && isSame && clock.now() - edit.atMs <= CONTINUES_MS;
      const whole = grown(edit, text, start, end);
      region = goesOn ? whole : { ...whole, before: text.slice(whole.start, whole.end) };
      if (!goesOn) origin = whole.before;
      else if (edit.origin !== undefined)
        origin = grown({ ...edit, before: edit.origin }, text, start, end).before;
    }
    return { region, origin };
  }

  function typed(document: Followed, change: DocumentChange, reason: Edit["reason"], isSame: boolean): void {
    const words = wordsAround(document.text, change);
    const reach = { offset: words.start, removed: words.end - words.start };
    const touched = document.edits.filter(
      (edit) => edit.stands && edit.reason === "typed" && reason === "typed" && touches(edit, reach),
    );
    const { region: around, origin } = regionFor(document, change, touched, isSame);
    const region = changedInside(around, change);
    const others = document.edits.filter((edit) => !touched.includes(edit));
    document.text = applyChange(document.text, change);
    document.edits = others.map((edit) => followed(edit, change));
    const after = document.text.slice(region.start, region.end);
    if (after.length + region.before.length > MAX_EDIT) return;
    const takesBack = (edit: Edit) => edit.before === after && edit.after === region.before;
    const isBack = after === region.before;
    if (others.some(takesBack) || (isBack && touched.length > 0)) undo(document, { ...region, after });
    // Typed and taken back: nothing was edited, unless something else was there first.
    const before = isBack ? origin : region.before;
    if (before === undefined || before === after) return;
    const edit = { id: ++ids, uri: document.file.uri, ...region, before, after, stands: true, reason };
    document.edits.push({
      ...edit,
      ...(origin !== undefined && origin !== before && { origin }),
      atMs: clock.now(),
    });
    document.edits = apart(document.edits).slice(-MAX_EDITS);
  }

  function undo(document: Followed, one: Undone): void {
    document.undone = [...document.undone, one].slice(-MAX_UNDONE);
  }

  function tookBack(document: Followed, change: DocumentChange): void {
    const text = applyChange(document.text, change);
    const kept: Edit[] = [];
    for (const edit of document.edits) {
      if (isTakenBack(edit, document.text, change, text)) {
        const { start, before, after } = edit;
        undo(document, { start, end: start + before.length, before, after });
        continue;
      }
      const inside = edit.stands && edit.start <= change.offset && change.offset + change.removed <= edit.end;
      if (!inside) {
        kept.push(followed(edit, change));
        continue;
      }
      const region = changedInside(edit, change);
      const after = text.slice(region.start, region.end);
      if (after === edit.before || after === edit.origin)
        undo(document, { ...region, before: edit.before, after: edit.after });
      else kept.push({ ...edit, ...region, after });
    }
    document.edits = apart(kept);
    document.text = text;
  }

  function passOver(document: Followed, change: DocumentChange): void {
    document.edits = document.edits.map((edit) => followed(edit, change));
    document.text = applyChange(document.text, change);
  }

  function make(document: Followed, change: DocumentChange, reason: EditReason, isSame: boolean): void {
    if (change.removed === 0 && change.inserted === "") return;
    const before = document.text;
    document.undone = document.undone.flatMap((one) => moved(one, change) ?? []);
    if (reason === "typed" || reason === "accepted") typed(document, change, reason, isSame);
    else if (reason === "undo") tookBack(document, change);
    else passOver(document, change);
    hunks.changed(document.file, before, change, clock.now(), reason);
    lines.changed(document.file.uri, before, change, clock.now(), reason);
    document.last = { reason, atMs: clock.now(), end: change.offset + change.inserted.length };
  }

  return {
    open(file: ReadableFile, text: string): void {
      forget(file.uri);
      if (!isExcluded(file) && text.length <= MAX_CHARACTERS) {
        documents.set(file.uri, { file, text, edits: [], undone: [], last: undefined });
        if (documents.size > MAX_DOCUMENTS) forget(documents.keys().next().value!);
      }
      for (const listener of listeners) listener.opened(file);
    },

    /**
     * The changes of one event, each to what the one before it left.
     * @param reason where the caller knows it; else it is inferred from the shape of the changes
     * @returns what they were taken for; undefined where the document is not followed
     */
    changed(uri: string, changes: readonly DocumentChange[], reason?: EditReason): EditReason | undefined {
      const document = documents.get(uri);
      if (!document || changes.length === 0) return undefined;
      if (isExcluded(document.file)) {
        forget(uri);
        return undefined;
      }
      const found = reason ?? inferReason(document.text, changes);
      const isSame = [...documents.keys()].at(-1) === uri;
      for (const change of changes) make(document, smallest(document.text, change), found, isSame);
      if (found === "bulk" || found === "reload") reset(document);
      if (found === "reload") lines.forget(uri);
      documents.delete(uri);
      if (document.text.length <= MAX_CHARACTERS) documents.set(uri, document);
      else forget(uri);
      for (const listener of listeners) listener.changed(uri, changes, found);
      return found;
    },

    close(uri: string): void {
      forget(uri);
      for (const listener of listeners) listener.closed(uri);
    },

    /** A file was given another name: what was edited in it is kept, unless nothing of the new one may be read. */
    renamed(uri: string, file: ReadableFile): void {
      const document = documents.get(uri);
      if (!document) return;
      documents.delete(uri);
      if (isExcluded(document.file) || isExcluded(file)) forget(uri);
      else {
        hunks.renamed(uri, document.file.path, file);
        lines.renamed(uri, file.uri);
        document.edits = document.edits.map((edit) => ({ ...edit, uri: file.uri }));
        documents.set(file.uri, { ...document, file });
      }
      for (const listener of listeners) listener.renamed(uri, file);
    },

    /** Undefined where it is not open, excluded, or too long. */
    get(uri: string): FollowedDocument | undefined {
      const document = documents.get(uri);
      if (!document || !isExcluded(document.file)) return document;
      forget(uri);
      return undefined;
    },

    /** The documents that are followed, the one that was changed last first. */
    uris: (): readonly string[] => [...documents.keys()].reverse(),

    /** What was edited in a document in larger pieces, whole lines, oldest first. */
    hunks: (uri: string): readonly Hunk[] => (documents.has(uri) ? hunks.of(uri) : []),

    /** The lines that were edited lately in all documents, as they are now, oldest first. */
    recentLines: (): RecentLines[] =>
      lines.all().flatMap((one) => {
        const document = documents.get(one.uri);
        if (!document || isExcluded(document.file)) return [];
        const text = textAround(document.text, one);
        return text === undefined ? [] : [{ ...document.file, text, atMs: one.atMs }];
      }),

    /** What was edited in all documents, and which were renamed, oldest first. */
    past: (): PastEdit[] =>
      [...documents.values()]
        .flatMap(({ file }): readonly PastEdit[] => (isExcluded(file) ? [] : hunks.of(file.uri)))
        .concat(hunks.renames())
        .sort((a, b) => a.order - b.order),

    /** @returns ends it */
    listen(listener: HistoryListener): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** An edit after a change elsewhere, or over it: then it is remembered, and stands no more. */
function followed(edit: Edit, change: DocumentChange): Edit {
  if (!edit.stands) return edit;
  return moved(edit, change) ?? { ...edit, stands: false };
}

export type EditHistory = ReturnType<typeof createEditHistory>;

/** Whether a change puts back what was there before an edit, wherever it says that it begins: of equal characters any may be meant. */
function isTakenBack(
  { start, end, before, stands }: Edit,
  text: string,
  change: DocumentChange,
  now: string,
): boolean {
  if (!stands || !touches({ start, end }, change)) return false;
  return applyChange(text, { offset: start, removed: end - start, inserted: before }) === now;
}

/** Where two edits have grown together, the older one stands no more. */
function apart(edits: readonly Edit[]): Edit[] {
  return edits.map((edit, index) => {
    const overlaps = (newer: Edit) => newer.stands && edit.start < newer.end && edit.end > newer.start;
    return edit.stands && edits.slice(index + 1).some(overlaps) ? { ...edit, stands: false } : edit;
  });
}

function inferReason(text: string, changes: readonly DocumentChange[]): EditReason {
  const sole = changes.length === 1 ? smallest(text, changes[0]!) : undefined;
  if (!sole) return changes.every((change) => isWhiteSpaceAlone(text, change)) ? "format" : "bulk";
  const old = text.slice(sole.offset, sole.offset + sole.removed);
  const large = (one: string) => one.length > BULK.characters || one.split("\n").length > BULK.lines;
  if (large(old) && large(sole.inserted))
    return isSameButWhiteSpace(old, sole.inserted) ? "format" : "reload";
  return large(old) || large(sole.inserted) ? "bulk" : "typed";
}

function isWhiteSpaceAlone(text: string, { offset, removed, inserted }: DocumentChange): boolean {
  return isSameButWhiteSpace(text.slice(offset, offset + removed), inserted);
}
