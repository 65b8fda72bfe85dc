import type { Drafter } from "./drafter.ts";

/** Tokens by which a lost cursor finds its place again: first so many, then fewer. */
const anchors = [3, 2];
/** A fresh cursor's claim, and how it nears certainty with each token that agrees. */
const freshConfidence = 0.8;
const certainty = 0.98;

/**
 * Drafts from a text that the answer probably repeats: a suggestion's tail ("ghost"), or the original of an edit ("copy").
 * A cursor stands in it and moves on while the answer agrees. After a mismatch it is lost until the last tokens are found
 * again: behind an insertion where it stood, behind a deletion further on, behind a replacement past it.
 */
export function createCursorDrafter(source: "ghost" | "copy", text: readonly number[]): Drafter {
  let cursor: number | undefined = 0;
  let lostAt = 0;
  let run = 0;
  const recent: number[] = [];

  /** The place after the last tokens: the nearest one, forward before backward. */
  const find = (): number | undefined => {
    for (const count of anchors) {
      if (recent.length < count) continue;
      const wanted = recent.slice(-count);
      const agrees = (end: number) =>
        end >= count && end <= text.length && wanted.every((id, i) => text[end - count + i] === id);
      for (let distance = 0; distance <= text.length; distance++) {
        if (agrees(lostAt + distance)) return lostAt + distance;
        if (agrees(lostAt - distance)) return lostAt - distance;
      }
    }
    return undefined;
  };
  return {
    source,
    observe: (ids) => {
      for (const id of ids) {
        recent.push(id);
        if (recent.length > anchors[0]!) recent.shift();
        if (cursor !== undefined && text[cursor] === id) {
          cursor++;
          run++;
          continue;
        }
        if (cursor !== undefined) lostAt = cursor;
        run = 0;
        cursor = find();
      }
    },
    propose: (most) => {
      if (cursor === undefined || cursor >= text.length) return undefined;
      const ids = text.slice(cursor, cursor + most);
      // Each token that agreed halves the doubt that is left, down to that which is always left.
      const likely = certainty - (certainty - freshConfidence) * 0.7 ** run;
      return { source, ids, confidence: ids.map(() => likely), match: run };
    },
  };
}
