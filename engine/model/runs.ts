import type { TensorEntry, TensorType } from "../gguf/index.ts";

/** Bytes of the file, side by side. */
export interface Run {
  readonly offset: number;
  readonly bytes: number;
}

/** Of runs that are laid end to end, those that make the `bytes` from `from` on. */
export function cutRuns(runs: readonly Run[], from: number, bytes: number): Run[] {
  const cut: Run[] = [];
  let at = 0;
  for (const run of runs) {
    const start = Math.max(from, at);
    const end = Math.min(from + bytes, at + run.bytes);
    if (start < end) cut.push({ offset: run.offset + start - at, bytes: end - start });
    at += run.bytes;
  }
  return cut;
}

/** A tensor with so many rows; of these all, or those of the ranges, in their order. */
export type MatrixRows = readonly [
  name: string,
  rows: number,
  ranges?: readonly { readonly first: number; readonly count: number }[] | undefined,
];

/** Rows of a tensor, in the order that a matrix has them in. */
export interface Part {
  readonly name: string;
  readonly type: TensorType;
  readonly columns: number;
  readonly rows: number;
  readonly bytes: number;
  readonly runs: readonly Run[];
}

/** All rows of a tensor, or those of the ranges. */
export function partOf({ name, type, dims, offset, bytes }: TensorEntry, ranges?: MatrixRows[2]): Part {
  const [columns = 1, ...others] = dims;
  const all = others.reduce((product, n) => product * n, 1);
  const rowBytes = bytes / all;
  const chosen = ranges ?? [{ first: 0, count: all }];
  const rows = chosen.reduce((sum, { count }) => sum + count, 0);
  const runs = chosen.map(({ first, count }) => ({
    offset: offset + first * rowBytes,
    bytes: count * rowBytes,
  }));
  return { name, type: type as TensorType, columns, rows, bytes: rows * rowBytes, runs };
}

/** The rows of several parts of equal shape, cut into `count` pieces each: the first piece of each, then the second of each, …. */
export function interleaved(parts: readonly Part[], count: number): Part {
  if (parts.length === 1) return parts[0]!;
  const pieces = Array.from({ length: count }, (_, i) =>
    parts.flatMap(({ runs, bytes }) => cutRuns(runs, (i * bytes) / count, bytes / count)),
  );
  return {
    ...parts[0]!,
    name: parts.map(({ name }) => name).join(" + "),
    rows: parts.reduce((sum, { rows }) => sum + rows, 0),
    bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
    runs: pieces.flat(),
  };
}
