import { expect, test } from "vitest";
import { forTerminal, jsonText, overwriteLine, table } from "../../../engine/cli/commands/terminal.ts";

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

test("columns of a table are aligned where characters are two columns wide, or none", () => {
  const rows = table([
    ["モデル", "1"],
    ["cafe\u0301", "2"],
    ["abcdef", "3"],
  ]);
  expect(rows).toBe("モデル  1\ncafe\u0301    2\nabcdef  3");
});

test("a line that is overwritten fits the terminal, whatever it names, and keeps its end", () => {
  let written = "";
  const terminal = (columns: number) => ({
    isTTY: true,
    columns,
    write(text: string) {
      written = text;
      return true;
    },
  });
  const line = (text: string, rest: string, columns: number) => {
    overwriteLine(text, rest, terminal(columns) as never);
    return written.replace("\r\x1b[K", "");
  };
  expect(line("Loading /a/long/path/model.gguf", " 50 %", 80)).toBe("Loading /a/long/path/model.gguf 50 %");
  expect(line("Loading /a/long/path/model.gguf", " 50 %", 20)).toBe("Loading /a/lo… 50 %");
  expect(line("Loading モデルモデル", " 50 %", 20)).toBe("Loading モデ… 50 %");
  expect(line("Loading", " 100 %", 6)).toBe(" 100 %");
  expect(line(HOSTILE, "", 80)).not.toMatch(STEERS);
  written = "";
  overwriteLine("x", "", { ...terminal(80), isTTY: false } as never);
  expect(written).toBe("");
});
