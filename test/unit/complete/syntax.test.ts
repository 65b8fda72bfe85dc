import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { createSyntax, type Syntax } from "../../../engine/complete/index.ts";
import { blockWanted, stopRuleFor } from "../../../engine/complete/policy/length_policy.ts";
import { placeAt } from "../../../engine/complete/text/place.ts";

const folder = dirname(createRequire(import.meta.url).resolve("@vscode/tree-sitter-wasm"));
const errors: string[] = [];
const syntax = createSyntax({
  read: (file) => readFile(join(folder, file)),
  onError: (message) => errors.push(message),
});

/** Asks until the grammar, which loads in the background, is there. */
async function factsAt(language: string, marked: string, from: Syntax = syntax) {
  const [before = "", after = ""] = marked.split("█");
  return expect
    .poll(() => from.factsAt(language, before, after), { timeout: 10_000 })
    .toBeDefined()
    .then(() => from.factsAt(language, before, after)!);
}

describe("where the cursor is", () => {
  const cases: [language: string, marked: string, what: "comment" | "string" | "body" | "code"][] = [
    ["typescript", "// a note█\nconst a = 1;", "comment"],
    ["typescript", "/* a █ note */", "comment"],
    ["typescript", "const a = 1; █// note", "code"],
    ["typescript", 'const a = "te█xt";', "string"],
    ["typescript", "const a = `te█xt`;", "string"],
    ["typescript", `const a = \`te\${ b█ }\`;`, "code"],
    ["typescript", "const a = █;", "code"],
    ["typescript", "function f() {█}", "body"],
    ["typescript", "function f() {\n  █\n}", "body"],
    ["typescript", "class A {\n  █\n}", "body"],
    ["typescript", "const a = {█};", "code"],
    ["typescript", "function f() {\n  g();\n  █\n}", "code"],
    ["typescriptreact", "const a = () => {█};", "body"],
    ["javascript", "if (a) {█}", "body"],
    ["python", "# a note█\n", "comment"],
    ["python", 'a = "te█xt"', "string"],
    ["python", 'a = """te█xt"""', "string"],
    ["python", "a = 1█", "code"],
    ["go", "func f() {█}", "body"],
    ["rust", "fn f() {█}", "body"],
    ["java", "class A { void f() {█} }", "body"],
  ];
  for (const [language, marked, what] of cases)
    test(`${language}: ${JSON.stringify(marked)} is in a ${what}`, async () => {
      const { inComment, inString, emptyBody } = await factsAt(language, marked);
      expect({ inComment, inString, emptyBody }).toEqual({
        inComment: what === "comment",
        inString: what === "string",
        emptyBody: what === "body",
      });
    });
});

describe("several lines, or one", () => {
  const cases: [language: string, marked: string, block: boolean][] = [
    ["typescript", "function f() {\n  █\n}", true],
    ["typescript", "function f() {█}", true],
    // The end of the line would say a block; the parser knows that it is prose, or a string.
    ["typescript", "// for each of them {█", false],
    ["typescript", "const text = `if (a) {█`;", false],
    ["typescript", "const a = █;", false],
    ["python", "# while it runs:█", false],
    ["python", "def f():█", true],
  ];
  for (const [language, marked, block] of cases)
    test(`${language}: ${JSON.stringify(marked)}`, async () => {
      const facts = await factsAt(language, marked);
      const at = marked.indexOf("█");
      const place = placeAt(marked.replace("█", ""), at);
      expect(blockWanted(place, "auto", facts)).toBe(block);
      expect(blockWanted(place, "never", facts)).toBe(false);
    });

  test("asked for always, a block ends where it dedents", () => {
    const place = placeAt("  const a = ", 12);
    expect(blockWanted(place, "always")).toBe(true);
    const decision = stopRuleFor(place, 12, "always")("1;\n  const b = 2;\nconst c");
    expect(decision).toMatchObject({ stop: "dedent" });
  });
});

describe("on a blank line among declarations, several lines end where the first declaration does", () => {
  /** `text`: what the model writes; `¦` where it is cut, absent where it continues. */
  const cases: [language: string, marked: string, text: string][] = [
    ["typescript", "const a = 1;\n█\nconst b = 2;\n", "import c from 'c';¦\nimport d from 'd';\n"],
    ["typescript", "█", "/** Adds. */\nfunction f(a: number) {\n  return a;\n}¦\n\nfunction g() {\n"],
    ["typescript", "/** Adds. */\n█\n", "export const f = (a: number) => {\n  return a;\n};¦\nf(1);\n"],
    ["typescript", "█\nconst b = 2;\n", "function f(\n  a: number,\n"],
    ["typescript", "class A {\n  a() {}\n\n  █\n}\n", "b() {\n    return 1;\n  }¦\n\n  c() {\n"],
    ["typescript", "class A {\n  █\n}\n", "a() {\n  }\n\n  b() {}\n"],
    ["typescript", "function f() {\n  a();\n  █\n}\n", "b();\n  c();\n"],
    ["python", "import os\n\n█\n", "def f(a):\n    b = a\n\n    return b¦\nf(1)\n"],
    ["python", "█", "@cached\ndef f(a):\n    return a\n"],
    ["python", "█", "if a:\n    b()\nelse:\n    c()¦\nd()\n"],
    ["python", "█", "x = 1¦\ny = 2\n"],
    ["go", "package a\n\n█", "func f() {\n\tg()\n}¦\n\nfunc g() {\n"],
    ["cpp", "int a;\n\n█\n", "int f(int b)\n{\n  return b;\n}¦\n\nint c;\n"],
  ];
  for (const [language, marked, markedText] of cases)
    test(`${language}: ${JSON.stringify(marked)} and ${JSON.stringify(markedText)}`, async () => {
      const facts = await factsAt(language, marked);
      const place = placeAt(marked.replace("█", ""), marked.indexOf("█"));
      expect(blockWanted(place, "auto", facts)).toBe(true);
      const text = markedText.replace("¦", "");
      const keep = markedText.indexOf("¦");
      const rule = stopRuleFor(place, 12, "auto", facts);
      const whole = rule(text);
      expect(whole).toEqual(keep === -1 ? "continue" : { stop: "declaration-end", keep });
      // However it is streamed.
      for (let length = 0; length < text.length; length++)
        expect(["continue", whole], `after ${length} characters`).toContainEqual(rule(text.slice(0, length)));
    });
});

test("text that takes the parser longer than a keystroke has is left to the other rules, and the next is read", async () => {
  await factsAt("javascript", "a█");
  expect(syntax.factsAt("javascript", "a[b]?c:d,".repeat(450), "")).toBeUndefined();
  expect(syntax.factsAt("javascript", "// a", "")?.inComment).toBe(true);
});

describe("errors with a text at the cursor", () => {
  const cases: [language: string, marked: string, right: string, wrong: string][] = [
    ["typescript", "f(█);\n", "a, b", "a, b);"],
    ["rust", "fn f<'a>(x: &'a str, y: █) {\n}\n", "&'a str", "&'a str) -> &'a str {"],
    ["typescriptreact", "const a = <div█></div>;\n", " b={c}", " b={c}></div>"],
    ["python", "print('█')\n", "a", "a')"],
    ["php", `<?php\n${"// a line\n".repeat(800)}f(█);\n`, "$a, $b", "$a, $b);"],
  ];
  for (const [language, marked, right, wrong] of cases)
    test(`${language}: ${JSON.stringify(marked.slice(-40))}`, async () => {
      const { errorsWith } = await factsAt(language, marked);
      expect(errorsWith(right)).toBe(0);
      expect(errorsWith(wrong)).toBeGreaterThan(0);
      expect(errorsWith(wrong)).toBe(errorsWith(wrong));
    });
});

test("until a grammar is there, and where none exists, nothing is claimed", async () => {
  const told: string[] = [];
  const fresh = createSyntax({
    read: (file) => readFile(join(folder, file)),
    onError: (message) => told.push(message),
  });
  expect(fresh.factsAt("typescript", "a", "")).toBeUndefined();
  for (const languageId of ["cobol", "constructor", "__proto__"]) {
    await fresh.ready(languageId);
    expect(fresh.factsAt(languageId, "a", "")).toBeUndefined();
  }
  await factsAt("typescript", "a█", fresh);
  expect(told).toEqual([]);
});

test("a grammar that does not load is reported once, and the rules work without it", async () => {
  const told: string[] = [];
  const broken = createSyntax({
    read: () => Promise.reject(new Error("no such file")),
    onError: (message) => told.push(message),
  });
  expect(broken.factsAt("python", "a", "")).toBeUndefined();
  await expect.poll(() => told).toEqual(["The grammar for python does not load (no such file)."]);
  expect(broken.factsAt("python", "a", "")).toBeUndefined();
  expect(told).toHaveLength(1);
});
