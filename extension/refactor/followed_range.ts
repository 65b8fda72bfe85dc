/** A range of a document, in UTF-16 units: from `start` up to, not including, `end`. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

/** One change, as VS Code reports it: `length` units at `offset` were replaced by `text`. */
export interface TextChange {
  readonly offset: number;
  readonly length: number;
  readonly text: string;
}

/**
 * Where a range is after changes, each of which sees the text that the ones before it left. Undefined once a change touches
 * the range, for good: what an undo brings back is not known to be the same place.
 *
 * At the range's edges:
 * - Text removed or replaced that ends at `start`, or begins at `end`, is outside: the range only moves.
 * - Text inserted exactly at an edge may belong to either side, so it touches the range, unless a line break is between the
 *   two: of the range, of an insertion that ends at `start`, or of one that begins at `end`.
 * @param selected the range's text
 */
export function followRange(
  range: TextRange,
  changes: readonly TextChange[],
  selected = "",
): TextRange | undefined {
  let { start, end } = range;
  for (const { offset, length, text } of changes) {
    if (length === 0 && text === "") continue;
    const apartBefore = length > 0 || /[\r\n]$/.test(text) || /^[\r\n]/.test(selected);
    const apartAfter = length > 0 || /^[\r\n]/.test(text) || /[\r\n]$/.test(selected);
    if (offset + length < start || (offset + length === start && apartBefore)) {
      start += text.length - length;
      end += text.length - length;
    } else if (!(offset > end || (offset === end && apartAfter))) return undefined;
  }
  return { start, end };
}
