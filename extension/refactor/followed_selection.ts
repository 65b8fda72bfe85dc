import type { TextDocument, TextDocumentChangeEvent } from "vscode";
import { followRange, type TextRange } from "./followed_range.ts";

/** What a selection is followed in: VS Code's document. */
export type FollowedDocument = Pick<TextDocument, "eol" | "isClosed" | "offsetAt" | "positionAt">;

/** Why a selection has ended. `closed`: closed, renamed or deleted, so that its changes are no longer reported. */
export type SelectionEnd = "changed" | "closed";

export interface FollowedSelection {
  /** Undefined once the selection has ended. */
  readonly range: TextRange | undefined;
  readonly ended: SelectionEnd | undefined;
  /** To be told of every change of the document, in order. */
  changed(event: Pick<TextDocumentChangeEvent, "contentChanges">): void;
  /** To be told when the document may be closed; a change of its language mode is reported the same way. */
  closed(): void;
}

/** Follows a selection through its document's changes; its place is never looked for by its text. */
export function followSelection(
  document: FollowedDocument,
  selected: TextRange,
  text: string,
): FollowedSelection {
  const placesOf = ({ start, end }: TextRange) =>
    [document.positionAt(start), document.positionAt(end)] as const;
  let { eol } = document;
  let range: TextRange | undefined = selected;
  let places = placesOf(selected);
  let ended: SelectionEnd | undefined;

  function end(why: SelectionEnd): void {
    range = undefined;
    ended = why;
  }

  return {
    get range() {
      return range;
    },
    get ended() {
      return ended;
    },
    changed({ contentChanges }) {
      if (!range) return;
      // Another end-of-line sequence is reported as a replacement of the whole text, and leaves lines and columns alone.
      const otherEol = document.eol !== eol && contentChanges.length === 1;
      eol = document.eol;
      const next = otherEol
        ? { start: document.offsetAt(places[0]), end: document.offsetAt(places[1]) }
        : followRange(
            range,
            contentChanges.map((change) => ({
              offset: change.rangeOffset,
              length: change.rangeLength,
              text: change.text,
            })),
            text,
          );
      if (!next) return end("changed");
      range = next;
      places = placesOf(next);
    },
    closed() {
      if (range && document.isClosed) end("closed");
    },
  };
}
