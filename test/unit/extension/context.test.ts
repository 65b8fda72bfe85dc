import { expect, test } from "vitest";
import { atOnce } from "../../../engine/complete/text/index.ts";
import { ignoreFileInPieces, isIgnored } from "../../../extension/context/gitignore.ts";
import { namesBefore } from "../../../extension/context/names.ts";
import { createRecentEdits, type LineChange, lineChanges } from "../../../extension/context/recent_edits.ts";

const parseIgnoreFile = (folder: string, text: string) => atOnce(ignoreFileInPieces(folder, text));

const ignoreCases: readonly (readonly [file: string, path: string, ignored: boolean])[] = [
  ["out", "out/a.js", true],
  ["out", "src/out/a.js", true],
  ["/out", "out/a.js", true],
  ["/out", "src/out/a.js", false],
  ["out/", "out/deep/a.js", true],
  ["*.log", "a/b/c.log", true],
  ["*.log", "a/b/c.logs", false],
  ["a/b", "a/b/c.ts", true],
  ["a/b", "x/a/b/c.ts", false],
  ["a/**/c.ts", "a/x/y/c.ts", true],
  ["# out", "out/a.js", false],
  ["\\#out", "#out/a.js", true],
  ["*.env\n!sample.env", "sample.env", false],
  ["*.env\n!sample.env", "my.env", true],
  ["!sample.env\n*.env", "sample.env", true],
  // What is inside an ignored folder cannot be taken back.
  ["out\n!out/keep.js", "out/keep.js", true],
  ["", "a.ts", false],
  ["spaces   ", "spaces/a.ts", true],
  [".cache", ".cache/x", true],
  ["OUT", "out/a.js", true],
  ["a\\[1\\]", "a[1]", true],
  ["[ab].ts", "b.ts", true],
  // What could hold the thread hides its folder, and takes nothing back.
  [`${"a/**/".repeat(9)}b`, "a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/c.ts", true],
  [`${"*[ab]".repeat(9)}c`, `${"a".repeat(200)}b/c.ts`, true],
  [`*.ts\n!${"a/**/".repeat(9)}b.ts`, "a/a/a/b.ts", true],
  ["a".repeat(5000), "a.ts", false],
  [`${"x".repeat(40)}\n`.repeat(30_000), "a.ts", true],
  [Array.from({ length: 2000 }, (_, n) => `*${n % 10}`).join("\n"), "1.ts", false],
  ["*\n".repeat(600), "a.ts", true],
  [Array.from({ length: 20_000 }, (_, n) => `folder${n}/`).join("\n"), "src/a.ts", false],
];
for (const [file, path, ignored] of ignoreCases)
  test(`${JSON.stringify(file)} ${ignored ? "hides" : "leaves"} ${path}`, () =>
    expect(isIgnored(path, [parseIgnoreFile("", file)])).toBe(ignored));

test("an ignore file further down rules over those above, in its folder alone", () => {
  const files = [parseIgnoreFile("", "*.gen.ts"), parseIgnoreFile("src/", "!*.gen.ts\n/scratch")];
  expect(isIgnored("a.gen.ts", files)).toBe(true);
  expect(isIgnored("src/a.gen.ts", files)).toBe(false);
  expect(isIgnored("src/scratch/a.ts", files)).toBe(true);
  expect(isIgnored("scratch/a.ts", files)).toBe(false);
});

test("names before the cursor: the nearest first, once each, without keywords and the word at the cursor", () => {
  const text = "import { alpha } from 'x';\nconst beta = alpha(gamma);\nreturn bet";
  expect(namesBefore(text, 0, text.length)).toEqual([
    { name: "gamma", offset: text.indexOf("gamma") },
    { name: "alpha", offset: text.lastIndexOf("alpha") },
    { name: "beta", offset: text.indexOf("beta") },
  ]);
  expect(namesBefore(text, text.indexOf("return"), text.length)).toEqual([]);
});

function edits(...changes: (LineChange & { uri?: string })[]) {
  let clock = 0;
  const recent = createRecentEdits(() => ++clock);
  for (const { uri = "a", ...change } of changes) recent.changed(uri, [change]);
  return recent;
}

const typed = (line: number): LineChange => ({ start: line, end: line, insertedLines: 0 });

test("changes that lie near each other are one edit", () => {
  expect(edits(typed(10), typed(11), typed(13)).hunks).toEqual([{ uri: "a", start: 10, end: 13, atMs: 3 }]);
  expect(edits(typed(10), typed(20)).hunks).toHaveLength(2);
  expect(edits(typed(10), { ...typed(10), uri: "b" }).hunks).toHaveLength(2);
});

test("an edit moves with the lines above it", () => {
  const three = { start: 0, end: 0, insertedLines: 3 };
  expect(edits(typed(20), three).hunks[0]).toEqual({ uri: "a", start: 23, end: 23, atMs: 1 });
  const cut = { start: 0, end: 5, insertedLines: 0 };
  expect(edits(typed(20), cut).hunks[0]).toEqual({ uri: "a", start: 15, end: 15, atMs: 1 });
});

test("an edit grows by what is inserted into it, and shrinks by what is cut", () => {
  const grown = edits({ start: 10, end: 10, insertedLines: 4 }, { start: 12, end: 12, insertedLines: 2 });
  expect(grown.hunks).toEqual([{ uri: "a", start: 10, end: 16, atMs: 2 }]);
  const cut = edits({ start: 10, end: 10, insertedLines: 4 }, { start: 11, end: 13, insertedLines: 0 });
  expect(cut.hunks).toEqual([{ uri: "a", start: 10, end: 12, atMs: 2 }]);
});

test("sixteen edits are remembered, and none of a closed document", () => {
  const recent = edits(...Array.from({ length: 30 }, (_, i) => typed(i * 10)));
  expect(recent.hunks.map(({ start }) => start)).toEqual(Array.from({ length: 16 }, (_, i) => 140 + i * 10));
  recent.forget("a");
  expect(recent.hunks).toEqual([]);
});

test("changes are counted by lines, unless they insert what nobody types", () => {
  const range = { start: { line: 3 }, end: { line: 5 } };
  expect(lineChanges([{ range, text: "a\nb\n" }])).toEqual([{ start: 3, end: 5, insertedLines: 2 }]);
  expect(lineChanges([{ range, text: "" }])).toEqual([{ start: 3, end: 5, insertedLines: 0 }]);
  const pasted = "let a = 1;\n".repeat(30_000);
  expect(lineChanges([{ range, text: pasted }])).toBeUndefined();
  expect(
    lineChanges([
      { range, text: "" },
      { range, text: pasted },
    ]),
  ).toBeUndefined();
});
