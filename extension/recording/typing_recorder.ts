import type {
  DocumentChange,
  DocumentView,
  Pipeline,
  Question,
  ReadableFile,
} from "../../engine/complete/index.ts";
import { type TypingEvent, traceHeader, traceLine } from "../../engine/complete/index.ts";
import type { Clock } from "../../engine/contract/index.ts";

export interface TypingRecorderOptions {
  /** Adds text to the recording's file. */
  readonly append: (text: string) => Promise<void>;
  /** Secret files, and what the user has excluded. */
  readonly isExcluded: (file: ReadableFile) => boolean;
  readonly clock: Clock;
  readonly log: (message: string) => void;
  /** Bytes of one recording at most. */
  readonly limit?: number;
}

/** A document as the editor has it. */
export type RecordedView = Pick<
  Question["document"],
  "uri" | "path" | "folder" | "languageId" | "text" | "version"
> &
  Question["indentation"];

const LIMIT = 20 << 20;
const FLUSH_MS = 1000;
const MAX_CHARACTERS = 1 << 20; // of a document: longer ones are data
const SETTLED = 50; // ms after a change: a cursor that moves sooner was moved by it

type Unstamped<Event> = Event extends unknown ? Omit<Event, "at"> : never;

/**
 * Writes what is typed as a trace, in the background: a keystroke only queues an event. Text goes to `append` and
 * nowhere else. Stops for good when the recording has its full size, or cannot be written.
 */
export function createTypingRecorder({
  append,
  isExcluded,
  clock,
  log,
  limit = LIMIT,
}: TypingRecorderOptions) {
  const startMs = clock.now();
  /** The documents that the recording has open, and how many characters they have. */
  const documents = new Map<string, { readonly file: ReadableFile; readonly length: number }>();
  let queue: TypingEvent[] = [];
  let bytes = 0;
  let stopped = false;
  let timer: unknown;
  let writing = Promise.resolve();
  let changedAt = Number.NEGATIVE_INFINITY;
  let offer:
    | { readonly id: number; readonly uri: string; readonly cursor: number; readonly text: string }
    | undefined;

  function add(event: Unstamped<TypingEvent>): void {
    if (stopped) return;
    queue.push({ ...event, at: Math.round(clock.now() - startMs) } as TypingEvent);
    timer ??= clock.setTimeout(() => void flush(), FLUSH_MS);
  }

  function stop(reason: string): void {
    if (stopped) return;
    stopped = true;
    queue = [];
    documents.clear();
    log(reason);
  }

  /** Writes what is queued. Resolves when it is on the disk. */
  function flush(): Promise<void> {
    clock.clearTimeout(timer);
    timer = undefined;
    const lines: string[] = [];
    for (const event of queue) {
      const line =
        bytes === 0 ? traceHeader({ title: "recorded in the editor" }) + traceLine(event) : traceLine(event);
      if (bytes + Buffer.byteLength(line) > limit) {
        stop(`The recording of typing has its full size (${limit} bytes) and is stopped.`);
        break;
      }
      bytes += Buffer.byteLength(line);
      lines.push(line);
    }
    queue = [];
    if (lines.length > 0)
      writing = writing
        .then(() => append(lines.join("")))
        .catch((error: Error) => stop(`Typing cannot be recorded (${error.message}).`));
    return writing;
  }

  /** Whether the document is recorded; opens it in the recording, again where the recording has lost track of it. */
  function see({ uri, path, folder, languageId, text, tabSize, insertSpaces }: RecordedView): boolean {
    const file = { uri, path, folder, languageId };
    if (stopped || isExcluded(file) || text.length > MAX_CHARACTERS) return false;
    const known = documents.get(uri);
    if (known?.length === text.length) return true;
    if (known) add({ type: "close", uri });
    documents.set(uri, { file, length: text.length });
    add({ type: "open", uri, path, languageId, text, tabSize, insertSpaces });
    return true;
  }

  function close(uri: string): void {
    if (documents.delete(uri)) add({ type: "close", uri });
  }

  return {
    /** The document is shown: its text now, so that its first change can be written as one. */
    see(document: RecordedView): void {
      if (!documents.has(document.uri)) see(document);
    },
    /** The changes of one event, in the editor's order. Those of a document that was never shown are left out. */
    changed(uri: string, version: number, changes: readonly DocumentChange[]): void {
      const document = documents.get(uri);
      if (!document || changes.length === 0) return;
      const grown = changes.reduce((sum, { removed, inserted }) => sum + inserted.length - removed, 0);
      const length = document.length + grown;
      if (length > MAX_CHARACTERS) {
        close(uri);
        return;
      }
      documents.set(uri, { ...document, length });
      changedAt = clock.now();
      add({ type: "change", uri, version, changes });
    },
    moved(uri: string, cursor: number): void {
      const document = documents.get(uri);
      if (!document || cursor > document.length || clock.now() - changedAt < SETTLED) return;
      add({ type: "cursor", uri, cursor });
    },
    /** @param text all of the document, of which the question may have a part */
    asked({ document, cursor, trigger, indentation }: Question, text = document.text): void {
      if (see({ ...document, text, ...indentation }))
        add({ type: "ask", uri: document.uri, cursor, trigger });
    },
    /** A suggestion was given to the editor; `text` is what it shows from the cursor on. */
    offered(id: number, uri: string, cursor: number, text: string): void {
      offer = { id, uri, cursor, text };
    },
    accepted(id: number, characters: number): void {
      if (offer?.id !== id || !documents.has(offer.uri)) return;
      const { uri, cursor, text } = offer;
      add({ type: "accept", uri, cursor, text: text.slice(0, characters) });
    },
    dismissed(id: number): void {
      if (offer?.id === id && documents.has(offer.uri)) add({ type: "dismiss", uri: offer.uri });
    },
    closed(uri: string): void {
      close(uri);
    },
    /** What is excluded has changed: leaves the documents that are excluded now. */
    leaveExcluded(): void {
      for (const [uri, { file }] of documents) if (isExcluded(file)) close(uri);
    },
    flush,
  };
}

export type TypingRecorder = ReturnType<typeof createTypingRecorder>;

/**
 * A pipeline that tells a recorder, where there is one, what it is asked and told.
 * @param wholeTextOf all of a document's text; undefined where it is too long to be recorded
 */
export const recordedPipeline = (
  pipeline: Pipeline,
  recorder: () => TypingRecorder | undefined,
  wholeTextOf: (document: DocumentView) => string | undefined = ({ text }) => text,
): Pipeline => ({
  ...pipeline,
  async answer(question) {
    const current = recorder();
    const text = current && wholeTextOf(question.document);
    if (text !== undefined) current!.asked(question, text);
    const answer = await pipeline.answer(question);
    if (answer.kind === "show") {
      const { id, text, start } = answer.suggestion;
      const { document, cursor } = question;
      recorder()?.offered(id, document.uri, cursor, text.slice(cursor - start));
    }
    return answer;
  },
  accepted(id, characters) {
    recorder()?.accepted(id, characters);
    pipeline.accepted(id, characters);
  },
  dismissed(id) {
    recorder()?.dismissed(id);
    pipeline.dismissed(id);
  },
  forget(uri) {
    if (uri !== undefined) recorder()?.closed(uri);
    pipeline.forget(uri);
  },
});
