import type { PastEdit } from "../hunks.ts";
import { type Marks, mayBeTold, refusalOf } from "./refused.ts";
import { aboutTokens, plain } from "./window.ts";

/** A piece of another file. */
export interface RelatedText {
  readonly path: string;
  readonly text: string;
}

const TOLD = 6; // edits

/** The last edits that may be told of, oldest first, without the one that the window shows. */
export const toldOf = (
  past: readonly PastEdit[],
  open: PastEdit | undefined,
  marks: Marks,
  isWanted: (edit: PastEdit) => boolean = () => true,
): readonly PastEdit[] =>
  past.filter((edit) => edit.order !== open?.order && isWanted(edit) && mayBeTold(marks)(edit)).slice(-TOLD);

/** The last pieces that fit into `tokens`, and what is left of these. */
export function lastThatFit(pieces: readonly string[], tokens: number): { kept: string[]; left: number } {
  let left = tokens;
  let from = pieces.length;
  while (from > 0 && aboutTokens(pieces[from - 1]!) <= left) left -= aboutTokens(pieces[--from]!);
  return { kept: pieces.slice(from), left: from > 0 ? 0 : left };
}

/** Pieces of other files, as far as they may be told of and fit: `mark`, path and text of each. */
export function relatedText(
  files: readonly RelatedText[],
  mark: string,
  marks: Marks,
  tokens: number,
): string {
  let left = tokens;
  let all = "";
  for (const { path, text } of files) {
    if (refusalOf([path, text], marks)) continue;
    const piece = `${mark}${path}\n${plain(text).replace(/\n$/, "")}\n`;
    if (aboutTokens(piece) > left) continue;
    left -= aboutTokens(piece);
    all += piece;
  }
  return all;
}
