import { expect, test } from "vitest";
import { anchorPrompt, HEAD_LINES } from "../../../engine/complete/text/anchor.ts";
import { placeAt } from "../../../engine/complete/text/place.ts";
import {
  lineOf,
  lineStartOf,
  offsetAt,
  readPlainText,
  withLineEnding,
} from "../../../engine/complete/text/position.ts";
import { UserError } from "../../../engine/errors/index.ts";

for (const [raw, text, lineEnding] of [
  ["a\nb", "a\nb", "\n"],
  ["a\r\nb\r\n", "a\nb\n", "\r\n"],
  ["a\r\nb\nc\n", "a\nb\nc\n", "\n"],
  ["a\rb\r\nc", "a\nb\nc", "\r\n"],
  ["a\r\nb\nc", "a\nb\nc", "\n"],
  ["\uFEFFa", "a", "\n"],
  ["", "", "\n"],
] as const)
  test(`${JSON.stringify(raw)} reads as ${JSON.stringify(text)} with ${JSON.stringify(lineEnding)} ends`, () =>
    expect(readPlainText(raw)).toEqual({ text, lineEnding }));

test("a suggestion is written back with the file's own line ends", () =>
  expect(withLineEnding("a\n\nb", "\r\n")).toBe("a\r\n\r\nb"));

const SAMPLE = "ab\n\n😀c";
for (const [line, column, offset] of [
  [1, 1, 0],
  [1, 3, 2],
  [2, 1, 3],
  [3, 1, 4],
  [3, 3, 6],
  [3, 4, 7],
] as const)
  test(`line ${line} column ${column} is offset ${offset}`, () =>
    expect(offsetAt(SAMPLE, "a.ts", line, column)).toBe(offset));

for (const [line, column, message] of [
  [40, 1, "a.ts has 3 lines; there is no line 40: choose one from 1 to 3."],
  [0, 1, "a.ts has 3 lines; there is no line 0: choose one from 1 to 3."],
  [1, 4, "Line 1 of a.ts has 2 characters; there is no column 4: choose one from 1 to 3."],
  [2, 0, "Line 2 of a.ts has 0 characters; there is no column 0: choose one from 1 to 1."],
  [3, 2, "Column 2 of line 3 of a.ts is inside 😀, which takes 2 columns: choose 1 or 3."],
] as const)
  test(`line ${line} column ${column} is refused with the numbers that would do`, () => {
    const refuse = () => offsetAt(SAMPLE, "a.ts", line, column);
    expect(refuse).toThrow(UserError);
    expect(refuse).toThrow(message);
  });

const LINES = Array.from({ length: 20 }, (_, index) => `line ${index + 1}\n`).join("");

for (const [line, prefixLines] of [
  [1, 0],
  [2, 0],
  [9, 0],
  [10, 1],
  [20, 11],
  [21, 12],
] as const)
  test(`with the cursor on line ${line} the prefix has ${prefixLines} lines`, () => {
    const cursor = offsetAt(LINES, "a.ts", line, line === 21 ? 1 : 4);
    const { prefix, middle, suffix } = anchorPrompt(LINES, cursor, HEAD_LINES);
    expect(prefix + middle + suffix).toBe(LINES);
    expect(prefix.split("\n").length - 1).toBe(prefixLines);
    expect(prefix === "" || prefix.endsWith("\n")).toBe(true);
    expect(suffix).toBe(LINES.slice(cursor));
  });

test("without head lines the cursor's own line is still in the middle", () =>
  expect(anchorPrompt("a\nbc\nd", 3, 0)).toEqual({ prefix: "a\n", middle: "b", suffix: "c\nd" }));

test("an empty first line above is a line of the head", () =>
  expect(anchorPrompt("\n\nb", 3, 1)).toEqual({ prefix: "\n", middle: "\nb", suffix: "" }));

test("typing on the cursor's line and over its end only appends to the middle of a frozen anchor", () => {
  const cursor = offsetAt(LINES, "a.ts", 15, 3);
  const { prefix, middle } = anchorPrompt(LINES, cursor, HEAD_LINES);
  const typed = `${LINES.slice(0, cursor)}xy`;
  expect(typed.startsWith(prefix + middle)).toBe(true);
  expect(anchorPrompt(typed, typed.length, HEAD_LINES).middle).toBe(`${middle}xy`);
});

test("a place holds whole lines only, in a file longer than its window", () => {
  const text = Array.from({ length: 9000 }, (_, index) => `${index}`).join("\n");
  const cursor = text.indexOf("\n4500\n") + 3;
  const { above, head, rest, below } = placeAt(text, cursor);
  expect([head, rest]).toEqual(["45", "00"]);
  expect(above).toEqual(Array.from({ length: above.length }, (_, index) => `${4500 - above.length + index}`));
  expect(below).toEqual(Array.from({ length: below.length }, (_, index) => `${4501 + index}`));
  expect(Math.min(above.length, below.length)).toBeGreaterThan(3000);
});

test("the line of an offset, and where it begins, are those of the text's lines", () => {
  for (const text of ["", "\n", "\n\na", "a\nbc\n", "abc"]) {
    const lines = text.split("\n");
    let start = 0;
    for (const [line, { length }] of lines.entries()) {
      for (let offset = start; offset <= start + length; offset++)
        expect([lineOf(text, offset), lineStartOf(text, offset)], JSON.stringify([text, offset])).toEqual([
          line,
          start,
        ]);
      start += length + 1;
    }
  }
});
