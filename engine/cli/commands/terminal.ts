import { inOneLine } from "../../errors/index.ts";

/** Numbers for people: three digits, with a unit. */
export function milliseconds(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(ms >= 10_000 ? 1 : 2)} s`;
  return `${ms.toFixed(ms >= 100 ? 0 : ms >= 10 ? 1 : 2)} ms`;
}

export const perSecond = (count: number, ms: number): string =>
  `${(ms > 0 ? (count * 1000) / ms : 0).toFixed(1)} tok/s`;

/** Rows of equal columns; numbers, ranges and ratios are right-aligned. Cells may have text of a file or a server. */
export function table(texts: readonly (readonly string[])[]): string {
  const rows = texts.map((row) => row.map(inOneLine));
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
export function progressLine(text: string): { update(fraction: number): void; end(): void } {
  const shown = process.stderr.isTTY;
  const label = inOneLine(text);
  return {
    update: (fraction) => {
      if (shown) process.stderr.write(`\r${label} ${Math.round(fraction * 100)} %`);
    },
    end: () => {
      if (shown) process.stderr.write("\r\x1b[K");
    },
  };
}

/** JSON as a document, where what would steer a terminal is an escape of JSON's: the value stays the same. */
export const jsonText = (document: unknown): string =>
  `${JSON.stringify(document, null, 2).replace(
    STEERS,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  )}\n`;

export const printJson = (document: unknown): void => void process.stdout.write(jsonText(document));

/** What JSON.stringify leaves as it is, and a terminal acts on: C1 controls, and marks that turn the order of characters. */
const STEERS = /[\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** One character as a terminal may show it: control characters become their pictures, so that no file can steer it. */
export function visible(character: string): string {
  const code = character.codePointAt(0)!;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return "␡";
  return character.replace(STEERS, "\ufffd");
}

/** Text of a model for a terminal, which acts on no character of it but line feeds and tabs. */
export const forTerminal = (text: string): string => text.replace(/(?![\n\t])\p{C}/gu, visible);
