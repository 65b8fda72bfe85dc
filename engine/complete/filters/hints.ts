import type { SyntaxFacts } from "../text/index.ts";

/** What filters may know beside the place. Without a hint, they leave alone what it would decide. */
export interface FilterHints {
  readonly languageId?: string;
  /** The document's, with forward slashes. */
  readonly path?: string;
  readonly tabSize?: number;
  readonly insertSpaces?: boolean;
  /** What the parser knows of the place; undefined if no parser reads the language. */
  readonly facts?: SyntaxFacts | undefined;
  /** The texts of the model's control and added tokens, as far as they are known by now; the usual ones are known without. */
  readonly controlTexts?: (() => readonly string[]) | undefined;
}
