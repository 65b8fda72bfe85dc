// Characters each way: parsing these takes a millisecond or two, and a keystroke has five.
const BEFORE = 4096;
const AFTER = 1024;

// A line at column 1 after a blank one or after the end of a block or statement. Lines of a template or of a long comment
// may be at column 1 too: few of them begin as this does.
const DECLARATION = /(?:\n|[};)\]])[ \t]*\n(?=[\w@#$</"'[({])/;
const AT_COLUMN_1 = /\n(?=[^\s)\]}])/;

/** The text before a cursor, from a line outside all blocks on, as far as the lines tell. */
export function nearBefore(before: string): string {
  if (before.length <= BEFORE) return before;
  const window = before.slice(-BEFORE);
  const top = DECLARATION.exec(window) ?? AT_COLUMN_1.exec(window);
  return window.slice(top ? top.index + top[0].length : window.indexOf("\n") + 1);
}

/** The text after a cursor, up to a line outside all blocks: what is open there is open for good. */
export function nearAfter(after: string): string {
  if (after.length <= AFTER) return after;
  const window = after.slice(0, AFTER);
  const top = [...window.matchAll(/\n(?=[^\s)\]}])/g)].at(-1);
  return top ? window.slice(0, top.index + 1) : window;
}
