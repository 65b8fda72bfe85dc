import { commonEnds } from "../changes.ts";

/** A line of a difference: in both texts, in the old one alone, or in the new one alone. */
export interface DiffRow {
  readonly sign: " " | "-" | "+";
  readonly line: string;
}

const MAX_CELLS = 1_000_000; // of the table below; a larger difference is all of the one, then all of the other

/**
 * A shortest difference of two lists of lines: the longest common subsequence. Of equally short ones, equal lines pair as soon
 * as they can, and what is gone comes before what is new.
 */
export function lineDiff(old: readonly string[], fresh: readonly string[]): DiffRow[] {
  const [head, tail] = commonEnds(old, fresh);
  const same = (line: string): DiffRow => ({ sign: " ", line });
  return [
    ...old.slice(0, head).map(same),
    ...shortest(old.slice(head, old.length - tail), fresh.slice(head, fresh.length - tail)),
    ...old.slice(old.length - tail).map(same),
  ];
}

function shortest(a: readonly string[], b: readonly string[]): DiffRow[] {
  const gone = (line: string): DiffRow => ({ sign: "-", line });
  const added = (line: string): DiffRow => ({ sign: "+", line });
  if (a.length * b.length > MAX_CELLS) return [...a.map(gone), ...b.map(added)];
  const width = b.length + 1;
  /** Of the tails from i and from j: the lines that they can have in common. */
  const common = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      common[i * width + j] =
        a[i] === b[j]
          ? common[(i + 1) * width + j + 1]! + 1
          : Math.max(common[(i + 1) * width + j]!, common[i * width + j + 1]!);
  const rows: DiffRow[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      rows.push({ sign: " ", line: a[i++]! });
      j++;
    } else if (i < a.length && (j === b.length || common[(i + 1) * width + j]! >= common[i * width + j + 1]!))
      rows.push(gone(a[i++]!));
    else rows.push(added(b[j++]!));
  }
  return rows;
}
