/** Numbers for people: three digits, with a unit. */
export function milliseconds(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(ms >= 10_000 ? 1 : 2)} s`;
  return `${ms.toFixed(ms >= 100 ? 0 : ms >= 10 ? 1 : 2)} ms`;
}

export const perSecond = (count: number, ms: number): string =>
  `${(ms > 0 ? (count * 1000) / ms : 0).toFixed(1)} tok/s`;

/** Rows of equal columns; numbers, ranges and ratios are right-aligned. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows)
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  return rows
    .map((row) =>
      row
        .map((cell, i) =>
          /^[\d.]+(–[\d.]+)?×?$/.test(cell) && i > 0 ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** A line on stderr that overwrites itself, on terminals only. */
export function progressLine(label: string): { update(fraction: number): void; end(): void } {
  const shown = process.stderr.isTTY;
  return {
    update: (fraction) => {
      if (shown) process.stderr.write(`\r${label} ${Math.round(fraction * 100)} %`);
    },
    end: () => {
      if (shown) process.stderr.write("\r\x1b[K");
    },
  };
}

export const printJson = (document: unknown): void => {
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
};
