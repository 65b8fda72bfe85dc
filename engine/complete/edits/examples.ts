import type { Edit } from "./history.ts";
import { surroundingsOf, wordsOf } from "./places.ts";
import { type Replacement, replacementsOf } from "./replacements.ts";

/** A replacement as the user made it, with what stands beside it. */
export interface Example extends Replacement {
  readonly edit: Edit;
  /** It is an insertion or a deletion, with the tokens beside it. */
  readonly isWidened: boolean;
  readonly left: readonly string[];
  readonly right: readonly string[];
}

const SHARED = 3; // tokens each way that examples are compared by
const MAX_OLD = 200; // characters

/** Each part of an edit as an example: where one side is empty, with the tokens beside it. */
export function examplesOf(text: string, edit: Edit): Example[] {
  const origins = [edit.before, ...(edit.origin === undefined ? [] : [edit.origin])];
  return origins
    .flatMap((before) => replacementsOf(edit, before))
    .flatMap((replacement) => widened(text, replacement) ?? [])
    .filter(
      ({ old, fresh }) =>
        old !== fresh &&
        isShort(old) &&
        isShort(fresh) &&
        isAsClosed(old, fresh) &&
        wordsOf(fresh).length > 0,
    )
    .map((one) => {
      const { left, right } = surroundingsOf(text, one);
      const texts = (tokens: typeof left) => tokens.slice(0, SHARED).map((token) => token.text);
      const isFirst = one.isWidened && left.length === 0;
      return { ...one, edit, left: isFirst ? [LINE_START] : texts(left), right: texts(right) };
    });
}

/** What stands before the first token of a line. */
export const LINE_START = "\n";

/**
 * What is inserted or deleted is known by its neighbours; at a line's start by the one behind it. Whole lines have none: they are no
 * replacement.
 */
function widened(text: string, one: Replacement): (Replacement & Pick<Example, "isWidened">) | undefined {
  if (one.old !== "" && one.fresh !== "") return { ...one, isWidened: false };
  const {
    left: [left],
    right: [right],
  } = surroundingsOf(text, one);
  // A new variable is one of its line.
  if (!right || (!left && (one.old !== "" || one.fresh.includes("=")))) return undefined;
  const before = left ? text.slice(left.start, one.start) : "";
  const after = text.slice(one.end, right.end);
  return {
    old: before + one.old + after,
    fresh: before + one.fresh + after,
    start: left?.start ?? one.start,
    end: right.end,
    isWidened: true,
  };
}

/** Whether the new text opens and closes as many brackets and quotes as the old one: else it is half an edit. */
function isAsClosed(old: string, fresh: string): boolean {
  const balance = (text: string, open: string, close: string) =>
    text.split(open).length - text.split(close).length;
  const isOdd = (text: string, quote: string) => text.split(quote).length % 2;
  return (
    ["()", "[]", "{}"].every(
      ([open, close]) => balance(old, open!, close!) === balance(fresh, open!, close!),
    ) && ['"', "`"].every((quote) => isOdd(old, quote) === isOdd(fresh, quote))
  );
}

/** Several lines are written for their place. */
const isShort = (text: string): boolean => text.length <= MAX_OLD && !text.includes("\n");
