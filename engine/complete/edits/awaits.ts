import { type Scope, tokensOf } from "../text/index.ts";

/** Whether a replacement puts an `await` where there was none. */
export const putsAwait = (old: string, fresh: string): boolean => countOf(fresh) > countOf(old);

const countOf = (text: string): number => tokensOf(text).filter((token) => token.text === "await").length;

const HEAD = 200; // characters of a function before what it is given
const IS_BLOCK = /^(?:\{|(?:if|for|foreach|catch|class|interface|type|switch)\b)/;

/**
 * Whether `await` may stand in these scopes, innermost first: in a function that is asynchronous, or outside of all. Where no
 * scopes are known, it may.
 */
export function mayAwait(text: string, scopes: readonly Scope[]): boolean {
  const innermost = scopes
    .slice(0, -1) // the last one is the file
    .map(({ start }) => text.slice(start, start + HEAD))
    .find((head) => !IS_BLOCK.test(head));
  return innermost === undefined || /^[^({=]*\basync\b/.test(innermost);
}
