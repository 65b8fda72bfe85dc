import type { Drafter } from "./drafter.ts";

/** Tokens that must match for a lost cursor to find its place again: the first number is tried first. */
const anchors = [3, 2];
/** Confidence of a cursor that has been in its text from the start, and of one that two or three tokens have just found again. */
const freshConfidence = 0.8;
const foundConfidence = 0.6;

/** How confidence grows while the answer agrees. */
export interface Certainty {
  /** Confidence after a long run: the next change may come at any token. */
  readonly most: number;
  /** How much of its doubt is left with each token that agrees. */
  readonly doubtLeft: number;
}

/** Of a text with changes throughout: a tenth of the doubt is left after six or seven tokens. */
export const rewriting: Certainty = { most: 0.97, doubtLeft: 0.7 };
/** Of an edit, a window of which all but a line or two comes again: 0.99 after eight tokens. */
export const editing: Certainty = { most: 0.995, doubtLeft: 0.6 };

/**
 * Drafts from a text that the answer probably repeats: a suggestion's tail ("ghost"), the original of an edit ("copy"), or
 * that original with the change that is expected ("edit").
 * A cursor advances in it while the answer agrees. After a mismatch the cursor is lost until the last tokens are found again:
 * after an insertion at the old place, after a deletion further on, after a replacement past the replaced text.
 */
export function createCursorDrafter(
  source: "ghost" | "copy" | "edit",
  text: readonly number[],
  { most: certainty, doubtLeft }: Certainty = rewriting,
): Drafter {
  let cursor: number | undefined = 0;
  /** The cursor's last confirmed place: a place found by chance must not lead the search away. */
  let trusted = 0;
  /** Tokens that agreed since the start, or since the place was found again; and those by which it was found. */
  let agreed = 0;
  let anchored = 0;
  const recent: number[] = [];

  const agreesBefore = (end: number, count: number): boolean => {
    if (end < count || end > text.length) return false;
    for (let back = 1; back <= count; back++) if (text[end - back] !== recent.at(-back)) return false;
    return true;
  };
  /** Puts the cursor after the last tokens: at the nearest place; if two are equally near, at the one ahead. */
  const findAgain = (): void => {
    cursor = undefined;
    agreed = 0;
    anchored = 0;
    for (const count of anchors) {
      if (recent.length < count) continue;
      for (let distance = 0; distance <= text.length; distance++) {
        const place = [trusted + distance, trusted - distance].find((end) => agreesBefore(end, count));
        if (place === undefined) continue;
        cursor = place;
        anchored = count;
        return;
      }
    }
  };
  return {
    source,
    observe: (ids) => {
      for (const id of ids) {
        recent.push(id);
        if (recent.length > anchors[0]!) recent.shift();
        if (cursor !== undefined && text[cursor] === id) {
          cursor++;
          agreed++;
          trusted = cursor;
        } else findAgain();
      }
    },
    propose: (most) => {
      if (cursor === undefined || cursor >= text.length || most < 1) return undefined;
      const ids = text.slice(cursor, cursor + most);
      const start = anchored === 0 ? freshConfidence : foundConfidence;
      const likely = certainty - (certainty - start) * doubtLeft ** agreed;
      return { source, ids, confidence: ids.map(() => likely), match: anchored + agreed };
    },
  };
}
