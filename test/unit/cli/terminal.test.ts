import { expect, test } from "vitest";
import { forTerminal, jsonText, table } from "../../../engine/cli/commands/terminal.ts";

// What a file, a server or a model says must not steer the terminal that shows it: move its cursor, set its title, write
// to its clipboard (OSC 52), or turn the order of what is read.

const HOSTILE = "a\x1b]52;c;cm0=\x07b\x9b2Jc\r\u202ed\u2066e\u200ff";
const STEERS = /(?![\n\t])[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

test("a model's text keeps its lines and tabs, and shows each control character by its picture", () => {
  expect(forTerminal("a\tb\n\x1b[2Jc\x7f")).toBe("a\tb\n␛[2Jc␡");
  expect(forTerminal(HOSTILE)).not.toMatch(STEERS);
  expect(forTerminal("naïve 한국어 👩‍💻 �")).toBe("naïve 한국어 👩‍💻 �");
});

test("a table has a line for each row, whatever its cells have", () => {
  const text = table([
    [HOSTILE, "x\ny"],
    ["b", "2"],
  ]);
  expect(text.split("\n")).toHaveLength(2);
  expect(text).not.toMatch(STEERS);
});

test("a JSON document has the same value, spelled in characters that a terminal shows", () => {
  expect(jsonText({ a: HOSTILE })).not.toMatch(STEERS);
  expect(JSON.parse(jsonText({ a: HOSTILE, b: ["\x9b"] }))).toEqual({ a: HOSTILE, b: ["\x9b"] });
});
