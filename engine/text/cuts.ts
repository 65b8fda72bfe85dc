import type { Tokenizer } from "./tokenizer.ts";

/** The ids of a text in which nothing becomes a control token. Past `limit` ids it may stop, having returned more. */
export const encodeText = (tokenizer: Tokenizer, text: string, limit = Number.POSITIVE_INFINITY): number[] =>
  tokenizer.encode(text, { special: false, limit });

/** Where the last lines of `text` begin that together have at most `room` tokens; `text.length` if not even one does. */
export function lastLines(tokenizer: Tokenizer, text: string, room: number): number {
  let start = text.length;
  for (let left = room; start > 0; ) {
    const lineStart = start < 2 ? 0 : text.lastIndexOf("\n", start - 2) + 1;
    left -= encodeText(tokenizer, text.slice(lineStart, start), left).length;
    if (left < 0) break;
    start = lineStart;
  }
  // Lines together need not make the ids that they make one by one.
  while (encodeText(tokenizer, text.slice(start), room).length > room) start = lineEnd(text, start);
  return start;
}

/** Where the first lines of `text` end that together have at most `room` tokens; 0 if not even one does. */
export function firstLines(tokenizer: Tokenizer, text: string, room: number): number {
  let end = 0;
  for (let left = room; end < text.length; ) {
    const next = lineEnd(text, end);
    left -= encodeText(tokenizer, text.slice(end, next), left).length;
    if (left < 0) break;
    end = next;
  }
  while (encodeText(tokenizer, text.slice(0, end), room).length > room)
    end = end < 2 ? 0 : text.lastIndexOf("\n", end - 2) + 1;
  return end;
}

/** Where the characters at the end of a line begin that have at most `room` tokens. */
export const lastCharacters = (tokenizer: Tokenizer, line: string, room: number): number =>
  fittingLength(tokenizer, room, line.length, (length) => {
    const start = line.length - length;
    return { at: start + Number(isInsidePair(line, start)), text: (at) => line.slice(at) };
  });

/** Where the characters at the start of a line end that have at most `room` tokens. */
export const firstCharacters = (tokenizer: Tokenizer, line: string, room: number): number =>
  fittingLength(tokenizer, room, line.length, (length) => ({
    at: length - Number(isInsidePair(line, length)),
    text: (at) => line.slice(0, at),
  }));

const CHARACTERS_PER_TOKEN = 8; // to begin with: more than code has, so little that fits is left out

/** Shortens a length in proportion, until its text has at most `room` tokens. */
function fittingLength(
  tokenizer: Tokenizer,
  room: number,
  whole: number,
  cut: (length: number) => { readonly at: number; readonly text: (at: number) => string },
): number {
  for (let length = Math.min(whole, room * CHARACTERS_PER_TOKEN); ; ) {
    const { at, text } = cut(length);
    const tokens = encodeText(tokenizer, text(at)).length;
    if (tokens <= room) return at;
    length = Math.min(length - 1, Math.floor((length * room) / tokens));
  }
}

/** Whether `index` lies between the two halves of a character. */
const isInsidePair = (text: string, index: number): boolean =>
  /^[\uD800-\uDBFF][\uDC00-\uDFFF]$/.test(text.slice(Math.max(0, index - 1), index + 1));

/** The index after the line that holds `start`, its line break included. */
function lineEnd(text: string, start: number): number {
  const newline = text.indexOf("\n", start);
  return newline < 0 ? text.length : newline + 1;
}
