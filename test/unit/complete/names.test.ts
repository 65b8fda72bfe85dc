import { describe, expect, test } from "vitest";
import { syntaxFromFiles } from "../../../engine/cli/commands/index.ts";
import { atOnce, type NameFacts } from "../../../engine/complete/text/index.ts";

const failures: string[] = [];
const syntax = syntaxFromFiles((message) => failures.push(message));

/** What the parser knows of the name between the marks. */
async function factsOf(languageId: string, marked: string): Promise<NameFacts & { text: string }> {
  await syntax.ready(languageId);
  expect(failures).toEqual([]);
  const [before = "", name = "", after = ""] = marked.split("█");
  const text = before + name + after;
  using names = atOnce(syntax.readNames(languageId, text));
  const facts = names?.at(before.length, before.length + name.length);
  expect(facts).toBeDefined();
  return { ...facts!, text };
}

describe("the role of a name, and whether it is declared there", () => {
  const cases: [languageId: string, marked: string, what: string][] = [
    ["typescript", "const █a█ = 1;", "variable declared"],
    ["typescript", "const { █a█ } = b;", "shorthand declared"],
    ["typescript", "const { a: █b█ = 1 } = c;", "variable declared"],
    ["typescript", "const { █a█: b } = c;", "member"],
    ["typescript", "f({ █a█ });", "shorthand"],
    ["typescript", "f({ █a█: 1 });", "member"],
    ["typescript", "a.█b█.c;", "member"],
    ["typescript", "class █A█ {}", "variable declared"],
    ["typescript", "let a: █A█;", "variable"],
    ["typescript", "class A { █a█ = 1 }", "member"],
    ["typescript", "import { █a█ } from 'b';", "variable declared import"],
    ["typescript", "const f = (█a█) => a;", "variable declared"],
    ["javascript", "const f = █a█ => a;", "variable declared"],
    ["javascript", "for (const █a█ of b) {}", "variable declared"],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the language's own
    ["typescript", "`${█a█}`;", "variable"],
    ["typescript", "// █a█", "comment"],
    ["typescript", "f('█a█');", "string"],
    ["python", "█a█, b = 1, 2", "variable declared"],
    ["python", "def f(a, *█b█): pass", "variable declared"],
    ["python", "a.█b█ = 1", "member"],
    ["python", "f(█a█=1)", "member"],
    ["go", "package a\nfunc f() { █a█, b := 1, 2 }", "variable declared"],
    ["rust", "fn f(mut █a█: u8) {}", "variable declared"],
    ["rust", "fn f() { let (a, █b█) = c; }", "variable declared"],
    ["java", "class A { void f() { int █a█ = 1; } }", "variable declared"],
    ["csharp", "class A { void F() { foreach (var █a█ in b) {} } }", "variable declared"],
    ["cpp", "int f(char *█a█) { return 0; }", "variable declared"],
  ];
  test.each(cases)("%s: %s is a %s", async (languageId, marked, what) => {
    const { kind, role, declares, isImport } = await factsOf(languageId, marked);
    const words = kind === "code" ? [role, declares && "declared", isImport && "import"] : [kind];
    expect(words.filter(Boolean).join(" ")).toBe(what);
  });
});

describe("the scope that a declaration is for", () => {
  const cases: [languageId: string, marked: string, scope: string][] = [
    ["typescript", "f(); function █g█() { }", "f(); function g() { }"],
    ["typescript", "function g(█a█) { }", "function g(a) { }"],
    ["typescript", "f(() => { const █a█ = 1; });", "{ const a = 1; }"],
    ["javascript", "function g() { if (b) { var █a█ = 1; } }", "function g() { if (b) { var a = 1; } }"],
    ["python", "def g():\n    if b:\n        █a█ = 1", "def g():\n    if b:\n        a = 1"],
    ["python", "f([a for █a█ in b])", "[a for a in b]"],
    ["cpp", "int x; int █g█(int a) { return a; }", "int x; int g(int a) { return a; }"],
  ];
  test.each(cases)("%s: %s", async (languageId, marked, scope) => {
    const { scopes, text } = await factsOf(languageId, marked);
    expect(text.slice(scopes[0]!.start, scopes[0]!.end)).toBe(scope);
  });
});

test("a text that is too long to be parsed while somebody types has no facts", async () => {
  await syntax.ready("typescript");
  expect(atOnce(syntax.readNames("typescript", "a;".repeat(30_000)))).toBeUndefined();
});
