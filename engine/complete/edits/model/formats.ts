import type { EditRequest } from "../../../contract/index.ts";
import type { Hunk, PastEdit } from "../hunks.ts";
import type { SilenceId } from "../silences.ts";
import type { RelatedText } from "./fit.ts";
import type { Window, WindowPlace } from "./window.ts";

/** What a prompt is made of. */
export interface EditContext {
  readonly path: string;
  /** The document, with its own line ends. */
  readonly text: string;
  readonly cursor: number;
  /** Of this document, oldest first. */
  readonly hunks: readonly Hunk[];
  /** Of all documents, oldest first. */
  readonly past: readonly PastEdit[];
  readonly files: readonly RelatedText[];
  /** Where the last window of this document is; left out where the user has gone elsewhere, or paused. */
  readonly lastWindow?: WindowPlace;
  /** What the user has replaced last: words, wherever they still stand. */
  readonly replaced?: { readonly before: string; readonly after: string };
}

export interface EditPrompt extends Omit<EditRequest, "signal"> {
  readonly window: Window;
  /** The window before the edit that the user is at. */
  readonly earlier: string;
  /** Of the window: its head, which the prompt says already, and the answer does not say again. */
  readonly said: string;
}

/** What a model has written, as far as it may be looked at. */
export interface EditAnswer {
  /** The new window, up to what has been written; of an answer that is over, all of it. */
  readonly text: string;
  /** The format's end has come, or the model ended. */
  readonly isWhole: boolean;
  /** Characters at its start that the model did not write: the window's, which are not asked for. */
  readonly unwritten?: number;
  /** Where in `text` the model puts the cursor, if it says so. */
  readonly cursor?: number;
}

/** How one family of models is asked, and how it answers. */
export interface EditFormat {
  readonly id: EditFormatId;
  /** Texts that mean something in its prompts and answers: what holds them is not sent, and not taken. */
  readonly marks: readonly string[];
  prompt(context: EditContext): EditPrompt | SilenceId;
  /**
   * @param written all that was streamed so far
   * @param isEnded the model has ended by itself: what is written now is all
   * @returns `broken` where no answer begins like this
   */
  read(written: string, isEnded: boolean, prompt: EditPrompt): EditAnswer | "broken";
}

export type EditFormatId = "sweep-1" | "sweep-2" | "zeta-1" | "zeta-2.1";
