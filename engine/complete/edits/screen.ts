import type { Silence } from "../contract.ts";
import type { DocumentChange } from "./changes.ts";
import type { SilenceId } from "./silences.ts";
import type { EditPlace, EditSourceId } from "./sources.ts";

/** The editor as it is now; what it shows of its own comes before a proposal. */
export interface EditorState {
  readonly uri: string;
  readonly cursor: number;
  readonly selectionIsEmpty: boolean;
  readonly cursors: number;
  readonly readOnly: boolean;
  /** Ghost text is on the screen. */
  readonly ghostText: boolean;
  /** The list of IntelliSense is open. */
  readonly suggestList: boolean;
  /** A snippet's fields are being filled in: Tab goes to the next one. */
  readonly snippet: boolean;
}

/** An editor with a document that has the focus, the cursor at its start, and nothing open beside it. */
export const editorOf = (uri: string): EditorState => ({
  uri,
  cursor: 0,
  selectionIsEmpty: true,
  cursors: 1,
  readOnly: false,
  ghostText: false,
  suggestList: false,
  snippet: false,
});

/** What the editor shows or does that a proposal would be in the way of; undefined: it may be shown. */
export function whyHidden(state: EditorState | undefined): SilenceId | undefined {
  if (!state) return "no-editor";
  if (state.readOnly) return "read-only";
  if (state.cursors > 1) return "cursors";
  if (!state.selectionIsEmpty) return "selection";
  if (state.snippet) return "snippet";
  if (state.suggestList) return "suggest-list";
  return state.ghostText ? "ghost-text" : undefined;
}

export interface Proposal extends EditPlace {
  /** From 0, of its start and of its end. */
  readonly line: number;
  readonly lastLine: number;
}

/** What is on the screen. `tab` is what the key does. */
export type NextEditView =
  | {
      readonly kind: "none";
      readonly silence: Silence;
      /** One was taken just now, and the next one is being looked for. */
      readonly follows: boolean;
    }
  | { readonly kind: "shown"; readonly proposal: Proposal; readonly tab: "jump" | "accept" };

/** What the editor has to do when Tab is pressed; `none` is what Tab did before. */
export type TabAction =
  | { readonly kind: "none" }
  | { readonly kind: "jump"; readonly uri: string; readonly offset: number }
  /** To be made as one undo step, and told by `changed` as `accepted`; the cursor goes to `cursor`. */
  | { readonly kind: "edit"; readonly uri: string; readonly change: DocumentChange; readonly cursor: number };

/** What became of a proposal: counted, without its text. */
export interface NextEditEvent {
  readonly kind: /** On the screen for 250 ms, or acted on before. */
    | "shown"
    | "jumped"
    | "accepted"
    | "refused"
    /** The user typed something else there. */
    | "typed"
    /** Taken back within 10 s. */
    | "undone";
  readonly source: EditSourceId;
}
