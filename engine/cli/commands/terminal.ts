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
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, columnsOf(cell));
  return rows
    .map((row) =>
      row
        .map((cell, i) =>
          /^[\d.]+(–[\d.]+)?×?$/.test(cell) && i > 0 ? cell.padStart(widths[i]!) : padded(cell, widths[i]!),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

const padded = (text: string, columns: number): string =>
  text + " ".repeat(Math.max(0, columns - columnsOf(text)));

/** Columns that a terminal takes for a text without control characters: good enough to align and to cut by. */
export function columnsOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let columns = 0;
  for (const character of text) columns += UNSEEN.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return columns;
}

const UNSEEN = /[\p{Mn}\p{Me}\p{Cf}]/u;
const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303f\uff01-\uff60]/u;

/** As much of a text as has that many columns, with an ellipsis where some is missing. */
function fitted(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  let kept = "";
  for (const character of text) {
    if (columnsOf(kept + character) >= columns) break;
    kept += character;
  }
  return `${kept}…`;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** What is used of a terminal's stream. */
type Terminal = Pick<NodeJS.WriteStream, "isTTY" | "columns" | "write">;

/**
 * Overwrites the line that was written this way before; writes nothing where there is no terminal. Cut to the terminal's width: what
 * wraps would stay.
 * @param rest what is shown whole after the text
 */
export function overwriteLine(text: string, rest = "", terminal: Terminal = process.stderr): void {
  if (!terminal.isTTY) return;
  const room = (terminal.columns || 80) - 1 - columnsOf(rest); // in the last column some terminals wrap
  terminal.write(`\r\x1b[K${room > 1 ? fitted(inOneLine(text), room) : ""}${rest}`);
}

/** A line on stderr with a text and a share of it, which goes when it ends. */
export function progressLine(text: string): { update(fraction: number): void; end(): void } {
  return {
    update: (fraction) => overwriteLine(text, ` ${Math.round(fraction * 100)} %`),
    end: () => overwriteLine(""),
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

/** A remark on stderr, which may name what a file, a server or a device says. */
export const say = (text: string): void => console.error(forTerminal(text));
