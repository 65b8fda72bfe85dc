/** Looks for texts that end a stream. */
export interface Stops {
  /** The part of the text so far that is certain to be before any stop, and whether one has come. */
  push(text: string): { readonly text: string; readonly stopped: boolean };
  /** What was held back because a stop might have begun in it: the stream has ended. */
  flush(): string;
}

/** @param stops texts that are not empty; the one that begins first ends the stream */
export function createStops(stops: readonly string[]): Stops {
  let held = "";
  const take = (length: number): string => {
    const text = held.slice(0, length);
    held = held.slice(length);
    return text;
  };
  return {
    push(text) {
      held += text;
      const found = stops.map((stop) => held.indexOf(stop)).filter((at) => at >= 0);
      if (found.length > 0) return { text: take(Math.min(...found)), stopped: true };
      const open = Math.max(0, ...stops.map((stop) => beginningAtEnd(held, stop)));
      return { text: take(held.length - open), stopped: false };
    },
    flush: () => take(held.length),
  };
}

/** Length of the longest end of `text` with which `wanted` begins, shorter than that. */
export function beginningAtEnd(text: string, wanted: string): number {
  for (let length = Math.min(text.length, wanted.length - 1); length > 0; length--)
    if (wanted.startsWith(text.slice(-length))) return length;
  return 0;
}
