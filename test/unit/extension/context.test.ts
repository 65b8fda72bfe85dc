import { expect, test } from "vitest";
import { atOnce } from "../../../engine/complete/text/index.ts";
import { ignoreFileInPieces, isIgnored } from "../../../extension/context/gitignore.ts";
import { namesBefore } from "../../../extension/context/names.ts";

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
  ["**/a/**/a/**/a/**/?[!a-z.]", `${"a/".repeat(120)}bz`, true],
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
