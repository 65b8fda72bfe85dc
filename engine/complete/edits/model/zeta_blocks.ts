const LEAST = 6; // lines of a block, but where lines run out
const MOST = 16;
const NUDGE = 5; // lines further down that a block may begin, for a better start

const isBlank = (row: string): boolean => row.trim() === "";

/** A line that a block may well begin with: it says something, and closes nothing. */
function isGoodStart(row: string): boolean {
  const text = row.trim();
  return text !== "" && !/^[\])}]/.test(text) && !/^(?:break|continue|return|throw|end);*$/.test(text);
}

/**
 * Offsets of a region at which it is cut into blocks of whole lines; its start and its end are the first and the last. A block
 * ends after a blank line once it has 6 lines, if 6 are left, and where it has 16.
 */
export function blockCuts(region: string): number[] {
  if (region === "") return [0, 0];
  const rows = region.split("\n");
  const starts = rows.map(() => 0);
  for (let row = 1; row < rows.length; row++) starts[row] = starts[row - 1]! + rows[row - 1]!.length + 1;
  if (region.endsWith("\n")) rows.pop();
  const startNear = (row: number): number => {
    const near = rows.slice(row, row + NUDGE).findIndex(isGoodStart);
    return near === -1 ? row : row + near;
  };
  const cutAt = (row: number, previous: number): number | undefined => {
    const target = startNear(row);
    const isAfterBlank = row > 0 && isBlank(rows[row - 1]!) && !isBlank(rows[row]!);
    if (row - previous >= LEAST && isAfterBlank && rows.length - target >= LEAST) return target;
    return row - previous >= MOST ? target : undefined;
  };
  const cuts = [0];
  for (let row = 0, previous = 0; row < rows.length; row++) {
    const target = cutAt(row, previous);
    if (target === undefined) continue;
    cuts.push(starts[target]!);
    previous = target;
    row = target;
  }
  return cuts.at(-1) === region.length ? cuts : [...cuts, region.length];
}

const blockMark = (number: number): string => `<|marker_${number}|>`;

/** A region with a mark before each block and one at its end; a block's text by `textOf`. */
export const markedBlocks = (
  region: string,
  cuts: readonly number[],
  textOf = (block: string, _start: number): string => block,
): string =>
  cuts
    .map((cut, index) => {
      const next = cuts[index + 1];
      return blockMark(index + 1) + (next === undefined ? "" : textOf(region.slice(cut, next), cut));
    })
    .join("");
