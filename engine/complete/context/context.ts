import type { ContextSource, DocumentView, ReadableFile } from "../contract.ts";
import type { RecentLines } from "../edits/index.ts";
import { inSlices, type Pace, type Pieces, textBetween } from "../text/index.ts";
import type { Chunk, FileChunk } from "./chunk.ts";
import { type NotebookCell, notebookChunk } from "./notebook.ts";

/** Of its text, the first `SCANNED` characters are enough. */
export interface OpenDocument extends FileChunk {
  readonly languageId: string;
}

export interface ContextOptions {
  /** Tokens that context may take; a quarter of what a prompt may have. */
  readonly budget: () => number;
  readonly openDocuments: () => readonly OpenDocument[];
  readonly recentEdits: () => readonly RecentLines[];
  /** Definitions of names near the cursor, as far as they are known by now. */
  readonly definitions: () => readonly FileChunk[];
  /** The other cells of the document's notebook, in their order. */
  readonly notebook?: (document: DocumentView) => readonly NotebookCell[];
  /** Secret files, and what the user has excluded: nothing of them is ever a chunk. */
  readonly isExcluded: (file: ReadableFile) => boolean;
  /** How a thread that serves others is given back while files are scanned; left out: all are scanned at once. */
  readonly pace?: Pace;
}

const CHARACTERS_PER_TOKEN = 3; // of code; the completer counts exactly, and drops what does not fit
const WINDOW = 60; // lines that are compared at a time, and taken
const EDITS = 8;
const EDIT_CHARACTERS = 2000; // of all edits together
const DEFINITIONS = 5;
const DEFINITION_CHARACTERS = 500;
const NOTEBOOK_SHARE = 0.75; // of the room: a notebook's other cells are worth more than other files
const SIMILAR = 4;
const LEAST_SIMILARITY = 0.05;
const SAME = 0.9; // Jaccard: the same text twice
const AROUND = 2000; // characters around the cursor that others are compared with
export const SCANNED = 100_000; // characters of an open file that are looked at
const SCANNED_AT_ONCE = 16; // windows, in a question's own turn: some 2 ms

/** A window of a file, and the names in it. */
interface Scanned {
  readonly chunk: Chunk;
  readonly names: ReadonlySet<string>;
}

/** What was scanned of a file, and the scanning of what is left of it. */
interface Scan {
  readonly windows: readonly Scanned[];
  readonly rest: Pieces<void>;
}

/**
 * Chooses pieces of other files: windows of open ones that use the same names, definitions, recent edits. The least
 * volatile come first, and what was in the last prompt keeps its place, so that prompts share their head.
 */
export function createContext(options: ContextOptions): ContextSource {
  const { pace } = options;
  let last: readonly Chunk[] = [];
  const scans = new WeakMap<OpenDocument, Scan>();
  let atOnce = 0; // windows that this question may still scan
  let isScanning = false;

  function scanOf(document: OpenDocument): Scan {
    const windows: Scanned[] = [];
    const scan = scans.get(document) ?? { windows, rest: scanInto(windows, document) };
    scans.set(document, scan);
    return scan;
  }

  function windowsOf(document: OpenDocument): readonly Scanned[] {
    const { windows, rest } = scanOf(document);
    while (atOnce > 0 && !rest.next().done) atOnce--;
    return windows;
  }

  /** What a question has left is scanned in turns after it: the next one finds it. */
  async function scanRest(documents: readonly OpenDocument[], pace: Pace): Promise<void> {
    if (isScanning) return;
    isScanning = true;
    try {
      await pace.pause();
      for (const document of documents) await inSlices(scanOf(document).rest, undefined, pace);
    } finally {
      isScanning = false;
    }
  }

  const isWanted = (file: ReadableFile, document: DocumentView): boolean =>
    file.uri !== document.uri && !options.isExcluded(file);

  function similar(document: DocumentView, cursor: number): Chunk[] {
    const around = namesIn(textBetween(document, cursor - AROUND, cursor + AROUND));
    const others = options.openDocuments().filter((file) => isWanted(file, document));
    const best = others.flatMap((other) => {
      const scored = windowsOf(other).map(({ chunk, names }) => ({ chunk, score: jaccard(around, names) }));
      const best = scored.sort((a, b) => b.score - a.score)[0];
      return best && best.score >= LEAST_SIMILARITY ? [best] : [];
    });
    if (pace && atOnce === 0) void scanRest(others, pace);
    return best
      .sort((a, b) => b.score - a.score)
      .slice(0, SIMILAR)
      .map(({ chunk }) => chunk);
  }

  function edits(document: DocumentView, cells: readonly NotebookCell[]): Chunk[] {
    const recent = options
      .recentEdits()
      .filter((file) => isWanted(file, document) && !cells.some(({ uri }) => uri === file.uri))
      .sort((a, b) => b.atMs - a.atMs)
      .slice(0, EDITS);
    let left = EDIT_CHARACTERS;
    const kept = recent.filter(({ text }) => {
      const fits = text.length <= left;
      if (fits) left -= text.length;
      return fits; // a long one takes no room from those before it
    });
    return kept.reverse().map(({ path, text }) => ({ path, text }));
  }

  return {
    chunks(document, cursor) {
      const room = options.budget() * CHARACTERS_PER_TOKEN;
      if (room <= 0) return [];
      atOnce = pace ? SCANNED_AT_ONCE : Number.POSITIVE_INFINITY;
      const definitions = options
        .definitions()
        .filter((file) => isWanted(file, document))
        .slice(0, DEFINITIONS)
        .map(({ path, text }) => ({ path, text: text.slice(0, DEFINITION_CHARACTERS) }));
      const cells = (options.notebook?.(document) ?? []).filter((cell) => isWanted(cell, document));
      const notebook = notebookChunk(cells, document.languageId, room * NOTEBOOK_SHARE);
      // Most relevant last: it is nearest to the file, and the last that a short budget drops.
      const others = distinct([
        ...similar(document, cursor).reverse(),
        ...definitions,
        ...edits(document, cells),
      ]);
      last = keepOrder(last, within(notebook ? [...others, notebook] : others, room));
      return last;
    },
  };
}

function* scanInto(windows: Scanned[], { path, text }: OpenDocument): Pieces<void> {
  const lines = text.slice(0, SCANNED).split("\n");
  for (let start = 0; start < lines.length; start += WINDOW) {
    const window = lines
      .slice(start, start + WINDOW)
      .join("\n")
      .trim();
    if (window !== "") windows.push({ chunk: { path, text: window }, names: namesIn(window) });
    yield;
  }
}

/** The last of the chunks that fit into `room` characters. */
function within(chunks: readonly Chunk[], room: number): Chunk[] {
  const kept: Chunk[] = [];
  let left = room;
  for (const chunk of [...chunks].reverse()) {
    const size = chunk.path.length + chunk.text.length;
    if (size > left) continue;
    left -= size;
    kept.unshift(chunk);
  }
  return kept;
}

/** Without those that (nearly) repeat an earlier one. */
function distinct(chunks: readonly Chunk[]): Chunk[] {
  const kept: { chunk: Chunk; names: Set<string> }[] = [];
  for (const chunk of chunks) {
    const names = namesIn(chunk.text);
    if (!kept.some((other) => jaccard(other.names, names) >= SAME)) kept.push({ chunk, names });
  }
  return kept.map(({ chunk }) => chunk);
}

/** `now`, those first that were in the last prompt, in the order that they had there. */
function keepOrder(last: readonly Chunk[], now: readonly Chunk[]): Chunk[] {
  const key = ({ path, text }: Chunk) => `${path}\n${text}`;
  const wanted = new Map(now.map((chunk) => [key(chunk), chunk]));
  const kept = last.map(key).filter((it) => wanted.has(it));
  const rest = [...wanted.keys()].filter((it) => !kept.includes(it));
  return [...kept, ...rest].map((it) => wanted.get(it)!);
}

const namesIn = (text: string): Set<string> => new Set(text.match(/[\p{L}_$][\p{L}\p{N}_$]{2,}/gu) ?? []);

function jaccard(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  if (a.size === 0 || b.size === 0) return 0;
  let both = 0;
  for (const name of a) if (b.has(name)) both++;
  return both / (a.size + b.size - both);
}
