import type { Token } from "../text/index.ts";
import { isName } from "./distinctive.ts";
import type { Edit } from "./history.ts";
import { type Found, surroundingsOf, wordsOf } from "./places.ts";
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
      ({ old, fresh, isWidened }) =>
        old !== fresh &&
        isShort(old) &&
        isShort(fresh) &&
        isAsClosed(old, fresh) &&
        wordsOf(isWidened ? old + fresh : fresh).length > 0,
    )
    .map((one) => ({ ...one, edit, ...besideOf(text, one) }));
}

/** What stands before the first token of a line, and behind the last one. */
export const LINE_END = "\n";

/** The tokens beside a range, nearest first; where the line is over, that. */
export function besideOf(text: string, place: Found): Pick<Example, "left" | "right"> {
  const { left, right } = surroundingsOf(text, place);
  const texts = (tokens: typeof left) => [...tokens.map((token) => token.text), LINE_END].slice(0, SHARED);
  return { left: texts(left), right: texts(right) };
}

/** What all sides begin with. */
export function sharedBy(sides: readonly (readonly string[])[]): readonly string[] {
  const [first = [], ...rest] = sides;
  const end = first.findIndex((token, index) => rest.some((side) => side[index] !== token));
  return end === -1 ? first : first.slice(0, end);
}

/**
 * What is inserted or deleted is known by its neighbours; at a line's start by the one behind it. Whole lines have none: they are no
 * replacement.
 */
function widened(text: string, one: Replacement): (Replacement & Pick<Example, "isWidened">) | undefined {
  if (one.old !== "" && one.fresh !== "") return { ...one, isWidened: false };
  const {
    left: [left],
    right: [right, next],
  } = surroundingsOf(text, one);
  const qualified = asQualified(one, right, next);
  if (qualified) return { ...qualified, isWidened: false };
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

/**
 * A name that something is put before, with a dot between them, gives way to more than a name: `equal` to `assert.equal`. In
 * `t.ok`, `assert.` may have been put before `ok`, or `.assert` behind `t`: that is the same.
 */
function asQualified(
  { old, fresh, start, end }: Replacement,
  right: Token | undefined,
  next: Token | undefined,
): Replacement | undefined {
  if (old !== "" || !right || right.start !== end) return undefined;
  if (fresh.endsWith(".") && isName(right.text))
    return { old: right.text, fresh: fresh + right.text, start, end: right.end };
  if (!fresh.startsWith(".") || right.text !== "." || next?.start !== right.end || !isName(next.text))
    return undefined;
  return { old: next.text, fresh: `${fresh.slice(1)}.${next.text}`, start: start + 1, end: next.end };
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
