import { expect, test } from "vitest";
import { type GhostView, ghostStyle, renderGhost } from "../../../engine/cli/commands/ghost_view.ts";

function render(marked: string, ghost: string, more: Partial<GhostView> = {}): string {
  const before = marked.slice(0, marked.indexOf("█")).split(/\r?\n/);
  return renderGhost({
    text: marked.replace("█", ""),
    line: before.length,
    column: before.at(-1)!.length + 1,
    ghost,
    around: 1,
    width: 40,
    style: "marks",
    ...more,
  });
}

test("a line in its place, between its neighbours", () =>
  expect(`\n${render("one\ntwo\nconst a = █;\nfour\nfive", "b + c")}`).toBe(`
2 │ two
3 │ const a = ‹b + c›;
4 │ four`));

test("lines of ghost text have no numbers, and the rest of the line follows the last", () =>
  expect(`\n${render("if (a) {█}\r\nb", "\r\n  c();\r\n\r\n  d();\r\n")}`).toBe(`
1 │ if (a) {
  │ ‹  c();›
  │
  │ ‹  d();›
  │ }
2 │ b`));

test("numbers are aligned to the last one shown", () =>
  expect(`\n${render(`${"\n".repeat(8)}a█\nb`, "1")}`).toBe(
    `
 8 │
 9 │ a‹1›
10 │ b`.replace("\n 8 │", "\n 8 │"),
  ));

test("at both ends of a file there is less around", () => {
  expect(render("█", "a", { around: 3 })).toBe("1 │ ‹a›");
  expect(render("x\ny█", "", { around: 0 })).toBe("2 │ y");
});

test("in colour the ghost text is dim, and each line ends undimmed", () =>
  expect(render("f(█)\ng", "a,\n  b", { style: "ansi" })).toBe(
    "1 │ f(\x1b[2ma,\x1b[22m\n  │ \x1b[2m  b\x1b[22m)\n2 │ g",
  ));

test("long lines are cut to the width, the cursor's so that the ghost text is seen", () => {
  const shown = render(`${"x".repeat(50)}\n${"y".repeat(50)}█${"z".repeat(50)}`, "ghost", { width: 24 });
  expect(`\n${shown}`).toBe(`
1 │ ${"x".repeat(19)}…
2 │ …yyyyy‹ghost›zzzzzz…`);
});

test("a line that fits is not cut", () => {
  expect(render("abcde█", "fgh", { width: 14 })).toBe("1 │ abcde‹fgh›");
  expect(render("abcde█", "fgh", { width: 13 })).toBe("1 │ abcde‹fg…");
});

test("a ghost longer than the width is cut, too", () =>
  expect(render("a = █", "0123456789".repeat(5), { width: 20 })).toBe("1 │ a = ‹0123456789…"));

test("colour ends before the ellipsis that cuts the ghost text", () =>
  expect(render("█", "0123456789", { width: 10, style: "ansi" })).toBe("1 │ \x1b[2m01234\x1b[22m…"));

test("wide characters count two columns, combining ones none", () => {
  expect(render("界界界界█", "", { width: 11 })).toBe("1 │ 界界界…");
  expect(render("e\u0301e\u0301e\u0301█", "", { width: 7 })).toBe("1 │ e\u0301e\u0301e\u0301");
});

test("tabs stop every four columns, and marks take no columns", () =>
  expect(render("\ta█", "\tb")).toBe("1 │     a‹   b›"));

test("neither the file nor the suggestion can steer the terminal", () =>
  expect(render("\x1b[31m\x7f█\u202e", "\x1b[2J\x9b1m")).toBe("1 │ ␛[31m␡‹␛[2J�1m›�"));

for (const [environment, isTerminal, style] of [
  [{}, true, "ansi"],
  [{}, false, "marks"],
  [{ NO_COLOR: "1" }, true, "marks"],
  [{ NO_COLOR: "" }, true, "ansi"],
] as const)
  test(`${JSON.stringify(environment)} on ${isTerminal ? "a terminal" : "a pipe"} means ${style}`, () =>
    expect(ghostStyle(environment, isTerminal)).toBe(style));

test("a line of a minified file has more characters than a call has arguments", () => {
  const line = "a;".repeat(200_000);
  expect(`\n${render(`█\n${line}`, "b")}`).toBe(`
1 │ ‹b›
2 │ ${line.slice(0, 35)}…`);
  expect(render(`${line}█`, "b")).toMatch(/^1 │ …;?(a;)+‹b›$/);
});
