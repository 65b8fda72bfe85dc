// The pipeline's questions and answers. `extension/`, `foretype complete` and tests all use these types.
import type { Silence } from "../contract/index.ts";

export type { Silence };

/** A document as its editor holds it, with its own line ends. */
export interface DocumentView {
  /** Names the document; nothing is read from it. */
  readonly uri: string;
  /** For the prompt and the rules on paths: relative to the workspace, with forward slashes. */
  readonly path: string;
  /** The workspace folder's name that `path` begins with, where the workspace has several. */
  readonly folder?: string | undefined;
  /** Where a link leads, if `path` is one or lies behind one: the whole path, with forward slashes. */
  readonly target?: string | undefined;
  /** VS Code's language id, for example `typescript`. */
  readonly languageId: string;
  /** All of it, or of a long document what `windowAround` the cursor names: a keystroke may not cost a document's length. */
  readonly text: string;
  /** Where `text` begins in the document; left out where that is 0. */
  readonly start?: number;
  /** Grows with each change. */
  readonly version: number;
  readonly readOnly: boolean;
}

/** What the rule on reading looks at: name and place, and the language where it is known. */
export type ReadableFile = Pick<DocumentView, "uri" | "path" | "folder" | "target"> &
  Partial<Pick<DocumentView, "languageId">>;

/** Where a cursor is in its line, and how long that is; all from 0. */
export interface LinePlace {
  readonly line: number;
  readonly character: number;
  readonly lineLength: number;
}

/** One request for ghost text. Offsets are UTF-16 code units of the document. */
export interface Question {
  readonly document: DocumentView;
  readonly cursor: number;
  /** Left out where `document.text` is all of the document: it is counted there. */
  readonly linePlace?: LinePlace;
  readonly trigger: "automatic" | "invoked";
  /** Cursors in the editor. */
  readonly cursors: number;
  readonly selectionIsEmpty: boolean;
  /** The highlighted row of the suggest widget: it would replace [start, end) with `text`. */
  readonly intellisense?: { readonly start: number; readonly end: number; readonly text: string };
  /** The editor's own indentation. */
  readonly indentation: { readonly tabSize: number; readonly insertSpaces: boolean };
  /** The caller no longer wants the answer. What was computed is kept all the same. */
  readonly signal?: AbortSignal;
}

/** Where an answer came from, from cheapest to dearest. */
export type AnswerSource =
  /** The rest of a suggestion that is being typed, or that was accepted in part. */
  | "typed-through"
  | "cache"
  /** A decode that was running already. */
  | "attached"
  | "model";

export interface ShownSuggestion {
  /** One id for a whole chain of typed-through answers: they are one suggestion. */
  readonly id: number;
  /** Replaces [start, end), with the document's line ends. `start ≤ cursor`, and both lie on the cursor's line. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly source: AnswerSource;
}

export type Answer =
  | { readonly kind: "show"; readonly suggestion: ShownSuggestion }
  | { readonly kind: "nothing"; readonly silence: Silence };

/** The user's wishes; `extension/settings.ts` reads them from `foretype.*`. */
export interface PipelineSettings {
  readonly enabled: boolean;
  /** By language id; `*` is for the others. */
  readonly languages: Readonly<Record<string, boolean>>;
  /** Files that are never read, beside the built-in ones: patterns as in `.gitignore`, the last that fits decides. */
  readonly exclude: readonly string[];
  readonly trigger: "automatic" | "manual";
  readonly profile: "balanced" | "eco";
  readonly eagerness: "conservative" | "balanced" | "eager";
  /** `adaptive`, or milliseconds from the keystroke to the request. */
  readonly delay: "adaptive" | number;
  readonly multiline: "auto" | "always" | "never";
  readonly inComments: boolean;
  readonly maxLines: number;
  /** Of decoding an automatic suggestion; what is complete by then is shown. */
  readonly timeLimitMs: number;
  readonly speculate: boolean;
  /** Completions are asleep until this time of the clock; 0: awake. */
  readonly snoozedUntilMs: number;
}

/** Pieces of other files for a prompt, the least volatile first. Late answers serve the next request. */
export interface ContextSource {
  chunks(document: DocumentView, cursor: number): readonly { readonly path: string; readonly text: string }[];
}

/** What became of one question: the row of the trace page, and of `Why No Suggestion Here?`. */
export interface TraceRecord {
  readonly at: number; // milliseconds since 1970
  readonly uri: string;
  readonly path: string;
  readonly languageId: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  readonly trigger: "automatic" | "invoked" | "speculative";
  readonly source: AnswerSource | null;
  readonly outcome:
    | { readonly kind: "shown"; readonly id: number; readonly text: string }
    | { readonly kind: "nothing"; readonly silence: Silence };
  readonly multiLine: boolean;
  readonly stoppedBy: string | null;
  readonly raw: string;
  readonly filters: readonly {
    readonly id: string;
    readonly before: string;
    readonly after: string | null;
  }[];
  /** Mean log-probability of the first line's tokens, and what the gate made of it (0 to 1); null where the model wrote nothing. */
  readonly confidence: { readonly meanLogProbability: number; readonly acceptEstimate: number } | null;
  readonly prompt: {
    readonly context: readonly { readonly path: string; readonly characters: number }[];
    readonly prefixCharacters: number;
    readonly suffixCharacters: number;
    readonly middleCharacters: number;
    readonly tokens: number;
    /** Those that were not in the model's state. */
    readonly computedTokens: number;
  } | null;
  /** Milliseconds from the question; null for what never came. */
  readonly times: {
    readonly delayMs: number;
    /** Loading of the model, which the times below include. */
    readonly loadMs: number;
    readonly firstTextMs: number | null;
    readonly firstLineMs: number | null;
    readonly answeredMs: number;
    readonly promptMs: number;
    readonly decodeMs: number;
  };
  readonly tokens: number;
  readonly drafted: number;
  readonly acceptedDrafts: number;
}

export interface Pipeline {
  /** Answers one question. Never rejects: what goes wrong is a silence. */
  answer(question: Question): Promise<Answer>;
  /** The suggestion is (probably) on the screen: the time to work on what follows it. */
  shown(id: number): void;
  /** The user accepted all of it, or its head up to `characters`. */
  accepted(id: number, characters: number): void;
  /** The user dismissed it (Escape): it is not offered again at that place. */
  dismissed(id: number): void;
  /** Forgets what is kept about a document, or about all. */
  forget(uri?: string): void;
  /** The last 100, newest last. */
  traces(): readonly TraceRecord[];
  dispose(): void;
}
