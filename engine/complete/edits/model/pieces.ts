import type { PromptPiece } from "../../../contract/index.ts";
import { atOnce } from "../../text/index.ts";
import { placesOf } from "../places.ts";
import type { EditContext, EditPrompt } from "./formats.ts";
import { aboutTokens, type Lines, type Window } from "./window.ts";

/** A text in which `tokens` are special ones, and the same cut at some of its offsets: `steady` are the pieces that begin there. */
export function piecesOf(
  text: string,
  tokens: readonly string[],
  steadyAt: readonly number[],
): Pick<EditPrompt, "prompt" | "steady"> {
  const prompt: PromptPiece[] = [];
  const steady: number[] = [];
  const cuts = [...steadyAt, text.length];
  let at = 0;
  for (const cut of cuts) {
    for (const piece of splitAt(text.slice(at, cut), tokens))
      prompt.push(tokens.includes(piece) ? { token: piece } : piece);
    at = cut;
    if (cut < text.length) steady.push(prompt.length);
  }
  return { prompt, steady };
}

function splitAt(text: string, tokens: readonly string[]): string[] {
  let parts = [text];
  for (const token of tokens)
    parts = parts.flatMap((part) =>
      tokens.includes(part)
        ? [part]
        : part.split(token).flatMap((between, index) => (index === 0 ? [between] : [token, between])),
    );
  return parts.filter((part) => part !== "");
}

/** The prompt's text, as a model reads it. */
export const textOfPrompt = (prompt: readonly PromptPiece[]): string =>
  prompt.map((piece) => (typeof piece === "string" ? piece : piece.token)).join("");

/** Where the cursor is in the window's text. */
export const cursorIn = ({ line, column }: Lines, { first, rows }: Window): number =>
  rows.slice(0, line - first).reduce((sum, row) => sum + row.length + 1, 0) + column;

export const insertedAt = (text: string, at: number, mark: string): string =>
  text.slice(0, at) + mark + text.slice(at);

/** Tokens that an answer may take: half as many again as the window, and some. */
export const tokenCap = (window: string, most: number): number =>
  Math.min(most, Math.ceil((3 * aboutTokens(window)) / 2) + 64);

const LONGEST_LINE = 1000; // characters: a longer one is data

/** Whether a window is one that the model could write again within `most` tokens. */
export const isTooLong = ({ rows, text }: Window, most: number): boolean =>
  aboutTokens(text) > most || rows.some((row) => row.length > LONGEST_LINE);

/** The window after what the user has replaced last is replaced everywhere in it; undefined where nothing would change. */
export function withReplacement(text: string, replaced: EditContext["replaced"]): string | undefined {
  if (!replaced || replaced.before === "" || replaced.before === replaced.after) return undefined;
  const places = atOnce(placesOf(text, replaced.before)).reverse();
  const now = places.reduce(
    (made, { start, end }) => made.slice(0, start) + replaced.after + made.slice(end),
    text,
  );
  return now === text ? undefined : now;
}

/** A text without a mark, and where the first one was. */
export function withoutMark(
  text: string,
  mark: string,
): { readonly text: string; readonly at: number | undefined } {
  const at = text.indexOf(mark);
  return { text: text.replaceAll(mark, ""), at: at === -1 ? undefined : at };
}

/** A text up to the first mark. The tail that may become one is left out, while the text still grows. */
export function upToMark(
  text: string,
  marks: readonly string[],
  isEnded: boolean,
): { readonly text: string; readonly mark: string | undefined } {
  let first = text.length;
  let found: string | undefined;
  for (const mark of marks) {
    const at = text.indexOf(mark);
    if (at !== -1 && at < first) [first, found] = [at, mark];
  }
  if (found !== undefined || isEnded) return { text: text.slice(0, first), mark: found };
  return { text: text.slice(0, text.length - unfinishedMark(text, marks)), mark: undefined };
}

/** Characters at a text's end that may be the beginning of a mark. */
function unfinishedMark(text: string, marks: readonly string[]): number {
  const longest = Math.max(...marks.map(({ length }) => length));
  for (let length = Math.min(longest - 1, text.length); length > 0; length--)
    if (marks.some((mark) => mark.startsWith(text.slice(-length)))) return length;
  return 0;
}
