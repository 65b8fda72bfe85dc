import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { createSyntax, type Syntax } from "../../engine/complete/index.ts";
import { blockWanted, stopRuleFor } from "../../engine/complete/length_policy.ts";
import { placeAt } from "../../engine/complete/place.ts";

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

test("until a grammar is there, and where none exists, nothing is claimed", async () => {
  const fresh = createSyntax({ read: (file) => readFile(join(folder, file)), onError: () => {} });
  expect(fresh.factsAt("typescript", "a", "")).toBeUndefined();
  expect(fresh.factsAt("cobol", "a", "")).toBeUndefined();
  await factsAt("typescript", "a█", fresh);
});

test("a grammar that does not load is told once, and the rules go on without it", async () => {
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
