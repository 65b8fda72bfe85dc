/** The lines around a cursor, without their line breaks. `head + rest` is the cursor's own line. */
export interface Place {
  /** Top to bottom; the last one is just above the cursor's line. */
  readonly above: readonly string[];
  readonly head: string;
  readonly rest: string;
  readonly below: readonly string[];
}

// Characters each way. The shape of a block is a local matter, and a keystroke should not cost the length of the file.
const WINDOW = 16_384;

/** Whole lines only, but for the cursor's own, which may be cut where it is longer than the window. */
export function placeAt(text: string, cursor: number): Place {
  const start = Math.max(0, cursor - WINDOW);
  const above = text.slice(start, cursor).split("\n");
  const head = above.pop()!;
  if (start > 0 && text[start - 1] !== "\n") above.shift();

  const end = Math.min(text.length, cursor + WINDOW);
  const below = text.slice(cursor, end).split("\n");
  const rest = below.shift()!;
  if (end < text.length && text[end] !== "\n") below.pop();
  return { above, head, rest, below };
}

export function isBlank(line: string): boolean {
  return line.trim() === "";
}

/** The white space that a line begins with. */
export const leadingWhite = (line: string): string => /^[ \t]*/.exec(line)![0];

/** Columns of white space, with tab stops every `tabSize` columns. */
export function columnsOf(white: string, tabSize: number): number {
  return [...white].reduce(
    (at, character) => (character === "\t" ? at + tabSize - (at % tabSize) : at + 1),
    0,
  );
}

/** Columns of white space at the line's start. A tab counts 4: only the order matters, and files keep to one kind. */
export function indentation(line: string): number {
  let columns = 0;
  for (const character of line) {
    if (character === "\t") columns += 4;
    else if (character === " ") columns++;
    else break;
  }
  return columns;
}
