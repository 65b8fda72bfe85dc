// Characters each way: parsing these takes a millisecond or two, and a keystroke has five.
const BEFORE = 4096;
const AFTER = 1024;

/** The text before a cursor, from a line outside all blocks on, as far as indentation tells. */
export function nearBefore(before: string): string {
  if (before.length <= BEFORE) return before;
  const window = before.slice(-BEFORE);
  const top = /\n(?=[^\s)\]}])/.exec(window);
  return window.slice(top ? top.index + 1 : window.indexOf("\n") + 1);
}

/** The text after a cursor, up to a line outside all blocks: what is open there is open for good. */
export function nearAfter(after: string): string {
  if (after.length <= AFTER) return after;
  const window = after.slice(0, AFTER);
  const top = [...window.matchAll(/\n(?=[^\s)\]}])/g)].at(-1);
  return top ? window.slice(0, top.index + 1) : window;
}
