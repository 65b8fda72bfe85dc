import type { Clock } from "../../contract/index.ts";
import { createContext, type OpenDocument } from "../context/index.ts";
import type { ContextSource, ReadableFile } from "../contract.ts";
import { createEditHistory } from "../edits/index.ts";
import { applyChanges, type TypingEvent } from "./recording.ts";

export type EventOf<Type extends TypingEvent["type"]> = Extract<TypingEvent, { readonly type: Type }>;

export interface RecordedDocument extends Omit<EventOf<"open">, "type" | "at"> {
  readonly version: number;
}

const CONTEXT_SHARE = 0.25; // of a prompt, as in the extension

/** The documents of a recording during playback, at its current time, and what was edited in them. */
export function createRecordedDocuments(
  clock: Pick<Clock, "now">,
  isExcluded: (file: ReadableFile) => boolean,
) {
  const history = createEditHistory({ clock, isExcluded });
  const documents = new Map<string, RecordedDocument>();
  const views = new WeakMap<RecordedDocument, OpenDocument>();
  const viewOf = (document: RecordedDocument): OpenDocument => {
    const view = views.get(document) ?? { ...document, text: document.text.replaceAll("\r\n", "\n") };
    views.set(document, view);
    return view;
  };

  return {
    /** @throws Error where it is not open, which a parsed trace excludes. */
    get(uri: string): RecordedDocument {
      const document = documents.get(uri);
      if (!document) throw new Error(`${uri} is not open`);
      return document;
    },
    open({ type: _type, at: _at, ...document }: EventOf<"open">): void {
      documents.set(document.uri, { ...document, version: 0 });
      history.open(document, document.text);
    },
    /** @returns the document before the change */
    change({ uri, version, changes }: EventOf<"change">): RecordedDocument {
      const before = this.get(uri);
      documents.set(uri, { ...before, version, text: applyChanges(before.text, changes) });
      history.changed(uri, changes);
      return before;
    },
    close(uri: string): void {
      documents.delete(uri);
      history.close(uri);
    },
    /** The line of an offset in a document, from 0. */
    lineAt(uri: string, offset: number): number {
      const { text } = this.get(uri);
      let line = 0;
      for (let at = text.indexOf("\n"); at !== -1 && at < offset; at = text.indexOf("\n", at + 1)) line++;
      return line;
    },
    /** Pieces of the others as the extension gives them, without definitions, for prompts of `promptTokens`. */
    context: (promptTokens: number): ContextSource =>
      createContext({
        budget: () => Math.floor(promptTokens * CONTEXT_SHARE),
        openDocuments: () => [...documents.values()].map(viewOf),
        recentEdits: history.recentLines,
        definitions: () => [],
        isExcluded,
      }),
  };
}
