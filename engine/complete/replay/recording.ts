import { shortened, shownJson, UserError } from "../../errors/index.ts";
import type { DocumentChange } from "../metrics/index.ts";

/** The first line of a recording. */
export interface RecordingHeader {
  /** The version of the format. */
  readonly "foretype-trace": 1;
  /** What is edited, in a few words. */
  readonly title?: string;
  /** Where the texts come from, and their licence. */
  readonly origin?: string;
}

/**
 * What happened in the editor, one line each. Offsets are UTF-16 code units into the document as it is at that point.
 * The changes of one event apply in their order, each to what the one before it left.
 */
export type TypingEvent =
  | {
      readonly type: "open";
      readonly at: number; // milliseconds since the recording began
      readonly uri: string;
      readonly path: string;
      readonly languageId: string;
      readonly text: string;
      readonly tabSize: number;
      readonly insertSpaces: boolean;
    }
  | {
      readonly type: "change";
      readonly at: number;
      readonly uri: string;
      readonly version: number;
      /** In the file each is `[offset, removed, inserted]`: there are as many of them as keystrokes. */
      readonly changes: readonly DocumentChange[];
    }
  | {
      readonly type: "ask";
      readonly at: number;
      readonly uri: string;
      readonly cursor: number;
      /** Left out of the file where it is automatic. */
      readonly trigger: "automatic" | "invoked";
    }
  /** Moved without typing. */
  | { readonly type: "cursor"; readonly at: number; readonly uri: string; readonly cursor: number }
  /** Comes after the change that it made, the order in which editors report them; `cursor` is where it began. */
  | {
      readonly type: "accept";
      readonly at: number;
      readonly uri: string;
      readonly cursor: number;
      readonly text: string;
    }
  | { readonly type: "dismiss"; readonly at: number; readonly uri: string }
  | { readonly type: "close"; readonly at: number; readonly uri: string };

/** Typing as it was recorded. Every event in it is possible: documents are open, offsets lie inside them. */
export interface TypingRecording {
  /** Of the file, for sentences. */
  readonly name: string;
  readonly header: RecordingHeader;
  readonly events: readonly TypingEvent[];
  /** Of the documents that are still open after the last event. */
  readonly finalTexts: ReadonlyMap<string, string>;
}

export const traceHeader = (header: Omit<RecordingHeader, "foretype-trace">): string =>
  `${JSON.stringify({ "foretype-trace": 1, ...header })}\n`;

/** An event as its line, with the line's end. */
export function traceLine(event: TypingEvent): string {
  const { type, at, ...rest } = event;
  if ("changes" in rest) {
    const changes = rest.changes.map(({ offset, removed, inserted }) => [offset, removed, inserted]);
    return `${JSON.stringify({ type, at, ...rest, changes })}\n`;
  }
  if ("trigger" in rest && rest.trigger === "automatic") {
    const { trigger: _, ...automatic } = rest;
    return `${JSON.stringify({ type, at, ...automatic })}\n`;
  }
  return `${JSON.stringify({ type, at, ...rest })}\n`;
}

export const applyChanges = (text: string, changes: readonly DocumentChange[]): string =>
  changes.reduce(
    (now, { offset, removed, inserted }) => now.slice(0, offset) + inserted + now.slice(offset + removed),
    text,
  );

/**
 * Reads a recording, and checks all of it. A last line without a line end is what a recorder was writing when it was
 * stopped: if it is no JSON, it is left out.
 * @throws UserError with the line's number and what is wrong in it.
 */
export function parseRecording(text: string, name: string): TypingRecording {
  const lines = text.split("\n");
  if (lines.at(-1) === "" || !isJson(lines.at(-1)!)) lines.pop();
  let at = 0;
  const documents = new Map<string, { text: string; version: number }>();
  const events: TypingEvent[] = [];
  const read = <T>(index: number, check: (fields: Fields) => T): T => {
    try {
      return check(fieldsOf(lines[index] ?? ""));
    } catch (error) {
      if (!(error instanceof Wrong)) throw error;
      throw new UserError({
        code: "file-damaged",
        problem: `${name} is no typing trace that can be played (line ${index + 1}: ${error.message})`,
        advice: "record it again",
      });
    }
  };
  const header = read(0, readHeader);
  for (let index = 1; index < lines.length; index++) {
    const event = read(index, (fields) => {
      const one = readEvent(fields);
      if (one.at < at) throw new Wrong(`its time is ${one.at} ms, and the line above is at ${at} ms`);
      follow(documents, one);
      return one;
    });
    at = event.at;
    events.push(event);
  }
  return { name, header, events, finalTexts: new Map([...documents].map(([uri, one]) => [uri, one.text])) };
}

/** What is wrong in a line. */
class Wrong extends Error {}

type Fields = Readonly<Record<string, unknown>>;

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

function fieldsOf(line: string): Fields {
  if (!isJson(line)) throw new Wrong("it is not JSON");
  const value: unknown = JSON.parse(line);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Wrong("it is no JSON object");
  return value as Fields;
}

function readHeader(fields: Fields): RecordingHeader {
  if (fields["foretype-trace"] !== 1) throw new Wrong('it is no header with "foretype-trace": 1');
  return {
    "foretype-trace": 1,
    ...(fields.title !== undefined && { title: string(fields, "title") }),
    ...(fields.origin !== undefined && { origin: string(fields, "origin") }),
  };
}

function string(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== "string") throw new Wrong(`\`${name}\` is ${shownJson(value)}, and no text`);
  return value;
}

function count(fields: Fields, name: string): number {
  const value = fields[name];
  if (!Number.isSafeInteger(value) || (value as number) < 0)
    throw new Wrong(`\`${name}\` is ${shownJson(value)}, and no whole number from 0 up`);
  return value as number;
}

function readEvent(fields: Fields): TypingEvent {
  const { type, at, trigger = "automatic" } = fields;
  if (typeof at !== "number" || !Number.isFinite(at) || at < 0)
    throw new Wrong(`\`at\` is ${shownJson(at)}, and no time from 0 up`);
  const uri = string(fields, "uri");
  switch (type) {
    case "open": {
      const { insertSpaces } = fields;
      if (typeof insertSpaces !== "boolean") throw new Wrong("`insertSpaces` is neither true nor false");
      return {
        type,
        at,
        uri,
        path: string(fields, "path"),
        languageId: string(fields, "languageId"),
        text: string(fields, "text"),
        tabSize: count(fields, "tabSize"),
        insertSpaces,
      };
    }
    case "change":
      return { type, at, uri, version: count(fields, "version"), changes: readChanges(fields.changes) };
    case "ask":
      if (trigger !== "automatic" && trigger !== "invoked")
        throw new Wrong(`\`trigger\` is ${shownJson(trigger)}, neither automatic nor invoked`);
      return { type, at, uri, cursor: count(fields, "cursor"), trigger };
    case "cursor":
      return { type, at, uri, cursor: count(fields, "cursor") };
    case "accept":
      return { type, at, uri, cursor: count(fields, "cursor"), text: string(fields, "text") };
    case "dismiss":
    case "close":
      return { type, at, uri };
    default:
      throw new Wrong(`\`type\` is ${shownJson(type)}, which is no event`);
  }
}

function readChanges(value: unknown): DocumentChange[] {
  if (!Array.isArray(value) || value.length === 0) throw new Wrong("`changes` is no list of changes");
  return value.map((change: unknown) => {
    const [offset, removed, inserted] = Array.isArray(change) ? (change as unknown[]) : [];
    const fields = { offset, removed, inserted };
    return {
      offset: count(fields, "offset"),
      removed: count(fields, "removed"),
      inserted: string(fields, "inserted"),
    };
  });
}

/** Plays an event on the documents. @throws Wrong where it cannot have happened. */
function follow(documents: Map<string, { text: string; version: number }>, event: TypingEvent): void {
  const { type, uri } = event;
  if (type === "open") {
    if (documents.has(uri)) throw new Wrong(`${shortened(uri)} is open already`);
    documents.set(uri, { text: event.text, version: 0 });
    return;
  }
  const document = documents.get(uri);
  if (!document) throw new Wrong(`${shortened(uri)} is not open`);
  if ("cursor" in event && event.cursor > document.text.length)
    throw new Wrong(
      `the cursor is at ${event.cursor}, and ${shortened(uri)} has ${document.text.length} characters`,
    );
  if (type === "close") documents.delete(uri);
  if (type !== "change") return;
  if (event.version <= document.version)
    throw new Wrong(`version ${event.version} of ${shortened(uri)} does not follow ${document.version}`);
  document.version = event.version;
  for (const change of event.changes) {
    const end = change.offset + change.removed;
    if (end > document.text.length)
      throw new Wrong(
        `a change ends at ${end}, and ${shortened(uri)} has ${document.text.length} characters`,
      );
    document.text = applyChanges(document.text, [change]);
  }
}
