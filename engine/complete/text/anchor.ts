import { lineStartOf } from "./position.ts";

/** A file cut in three at the anchor and at the cursor; put together again they are the file. */
export interface AnchoredPrompt {
  /** Up to the anchor: ends at a line start, or is empty. */
  readonly prefix: string;
  /** From the anchor to the cursor. */
  readonly middle: string;
  readonly suffix: string;
}

/** Lines above the cursor's own that go to the middle. Mini was trained on 0 to 24. */
export const HEAD_LINES = 8;

/**
 * Anchors a prompt at a cursor that has come to rest. The cursor's line always belongs to the middle, so that what is
 * typed next only appends to the prompt. Near the start of the file the anchor is the start, and the prefix is empty.
 * @param mostCharacters of the middle, unless the cursor's own line has more
 */
export function anchorPrompt(
  text: string,
  cursor: number,
  headLines: number,
  mostCharacters = Number.POSITIVE_INFINITY,
): AnchoredPrompt {
  let anchor = lineStartOf(text, cursor);
  for (let line = 0; line < headLines && anchor > 0; line++) {
    const above = lineStartOf(text, anchor - 1);
    if (cursor - above > mostCharacters) break;
    anchor = above;
  }
  return { prefix: text.slice(0, anchor), middle: text.slice(anchor, cursor), suffix: text.slice(cursor) };
}
