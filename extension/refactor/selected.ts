import type { TextRange } from "./followed_range.ts";

/** The text that is to be replaced, and what is around it, with `\n` line ends. */
export interface Selected {
  readonly text: string;
  /** Of the file, some thousand characters each way. */
  readonly before: string;
  readonly after: string;
  readonly languageId: string;
  /** The document's, for what replaces the text. */
  readonly lineEnding: "\n" | "\r\n";
}

const NEAR = 8192; // characters: more than a prompt takes, and enough to tell a whole file from a part of it

/** What is selected in a document's text, as it is now. */
export function selectedIn(text: string, { start, end }: TextRange, languageId: string): Selected {
  const lf = (part: string) => part.replaceAll("\r\n", "\n");
  return {
    text: lf(text.slice(start, end)),
    before: lf(text.slice(Math.max(0, start - NEAR), start)),
    after: lf(text.slice(end, end + NEAR)),
    languageId,
    lineEnding: text.includes("\r\n") ? "\r\n" : "\n",
  };
}

/** The part of the selection's first line that is not selected; of a selection that begins with a line's end, nothing. */
export const headOf = ({ before, text }: Selected): string =>
  /^[ \t]*\n/.test(text) ? "" : before.slice(before.lastIndexOf("\n") + 1);

/** The part of the selection's last line that is not selected; of a selection that ends with a line break, nothing. */
export const tailOf = ({ text, after }: Selected): string =>
  /\n[ \t]*$/.test(text) ? "" : after.split("\n", 1)[0]!;

/** The selection with the white space before it, if nothing else is before it on its line: so a model sees its indentation. */
export function wholeLines(selected: Selected): string {
  const head = headOf(selected);
  return head.trim() === "" ? head + selected.text : selected.text;
}
