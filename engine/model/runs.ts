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
