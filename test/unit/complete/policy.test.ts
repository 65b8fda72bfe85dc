import { expect, test } from "vitest";
import { filterSuggestion } from "../../../engine/complete/filters/filters.ts";
import { blockWanted, stopRuleFor } from "../../../engine/complete/policy/length_policy.ts";
import { type Place, placeAt } from "../../../engine/complete/text/place.ts";

/** `█` marks the cursor. */
function place(marked: string): Place {
  const cursor = marked.indexOf("█");
  return placeAt(marked.replace("█", ""), cursor);
}

const SHAPES: readonly (readonly [marked: string, block: boolean])[] = [
  ["const a = █", false],
  ["const a = █;\n", false],
  ["if (a) {█", true],
  ["if (a) {  █", true],
  ["if (a) {█}", true],
  ["it('a', () => {█});", true],
  ["if (a) {█ b(); }", false],
  ["const f = () =>█", true],
  ["call(█", true],
  ["call(█)", false],
  ["const a = [█", true],
  ["const a = [█];", false],
  ["def f(a):█", true],
  ["async def f(a):█", true],
  [") -> int:█", true],
  ["    case 3:█", true],
  ["public:█", true],
  ["const a:█", false],
  ["public name:█", false],
  ["async f(a:█", false],
  ["// for example:█", false],
  ["# note (█", false],
  ["#main {█", true],
  ["else█", true],
  ["for f in *; do█", true],
  ["  do█", false],
  ["def f(a,\n      b):█", true],
  ["█", false],
  ["a();\n█", false],
  ["a();\n█\nb();", false],
  ["def f():\n    a()\n█\nb = 1", false],
  ["def f():\n█", true],
  ["function f() {\n█\n}", true],
  ["function f() {\n  a();\n█\n}", true],
  ["class A {\n  a() {}\n█\n  b() {}\n}", true],
  ["class A {\n  █\n}", true],
  ["class A {\n\t█\n}", true],
  ["class A {\n  █}", false],
];

for (const [marked, block] of SHAPES)
  test(`${JSON.stringify(marked)} wants ${block ? "a block" : "one line"}`, () =>
    expect(blockWanted(place(marked))).toBe(block));

/** In `text`, `¦` marks where the rule cuts, `▪` the place just after the character at which it decides; both absent: it never stops. */
const STOPS: readonly (readonly [marked: string, text: string, stop: string])[] = [
  ["a = █", "1 + 2¦\n▪b", "line-end"],
  ["a = █", "1 + 2", "continue"],
  ["if (a) {█", "\n  b();\n\n  c();\n}¦\n▪", "block-closed"],
  ["if (a) {█", "\n  b();\n}¦ ▪else {", "block-closed"],
  ["const a = {█", "\n  b,\n};¦▪\n", "block-closed"],
  ["const a = {█", "\n  b,\n}", "continue"],
  ["it('a', () => {█", "\n  b();\n});¦▪", "block-closed"],
  ["it('a', () => {█", "\n  b();\n}¦.▪then", "block-closed"],
  ["it('a', () => {█)", "\n  b();\n}¦▪)", "block-closed"],
  ["it('a', () => {█})", "\n  b();¦\n}▪", "dedent"],
  ["f({ a: [█", "\n  b,\n]})¦)▪", "block-closed"],
  ["if (█", "a) {\n  b();\n}¦\n▪", "block-closed"],
  ["a(b,\n  c) {█", "\n  d;\n}¦\n▪", "block-closed"],
  ["    def f(a,\n          b):█", "\n        c¦\n    d▪", "dedent"],
  ["def f(a,\n      b):\n█", "    c¦\nd▪", "dedent"],
  ["if (a) {█", "\n  b(/({)/);\n}¦\n▪", "block-closed"],
  ["if (a) {█\n}", "\n  b();¦\n}▪", "dedent"],
  ["if (a) {█\n\n  c();\n}", "\n  b();¦\n}▪", "dedent"],
  ["function f() {\n  if (a) {█\n}", "\n    b();\n  }¦\n▪", "block-closed"],
  ["function f() {\n  █\nfunction g() {}", "a();\n}¦\n▪", "block-closed"],
  ["function f() {\n  █\n}", "a();¦\n}▪", "dedent"],
  ["if (a) {█", " b(); }¦\n}▪", "dedent"],
  ["if (a) {█", " b(); }¦\nc▪", "dedent"],
  ["def f(a):█", "\n    b\n    c¦\n\nd▪ef g", "dedent"],
  ["def f(a):█", "\n    b(\n        1,\n    )¦\n)▪", "dedent"],
  ["class A:\n    def f(self):\n        █", "a\n        b¦\n    d▪ef g", "dedent"],
  ["  if (\n      a\n    ):█", "\n    c¦\n  d▪", "dedent"],
  ["  } else {█", "\n    c;\n  }¦\n▪", "block-closed"],
  ["def f():\n█", "    a\n    b¦\nc▪", "dedent"],
  ["def f():\n█", "¦a▪", "dedent"],
  ["if (a) {█", "\n  b();¦\n\n\n▪  c();", "blank-lines"],
  ["if (a) {█", "\n  b();¦\n  \n\t\n▪  c();", "blank-lines"],
  ["if (a) {\n  █", "¦\n\n▪b();", "blank-lines"],
  ["if (a) {\n  █\n\n  c();\n}", "b();¦\n  c();  \n▪", "repeats-suffix"],
  ["if (a) {\n  █\n  c();\n}", "¦c();\n▪", "repeats-suffix"],
  ["if (a) {\n  █\n  c();\n}", "b();\n  c(d);\n", "continue"],
  // Lines above the cursor that the model says again do not count.
  ["x = load(1);\nb = █", "x = load(1);\nb = 2¦\n▪", "line-end"],
  ["x = load(1);\nfoo.█", "x = load(1);¦\nb▪ar", "line-end"],
  ["x = load(1);\n█", "x = load(1);¦\n▪b", "line-end"],
  // Neighbours may open with the same line.
  ["f([\n  █\n  {\n    a,\n  },\n])", "{\n    b,\n  },\n", "continue"],
  ["class A {\n  █\n  @Input()\n  b = 1;\n}", "@Input()\n  a = 1;\n", "continue"],
  ["if (a) {█", "\n  1\n  2\n\n  4¦\n▪", "max-lines"],
  ["if (a) {\n  █", "1\n  2\n  3¦\n\n▪", "max-lines"],
  ["if (a) {█", '\n  b("}");\n}¦\n▪', "block-closed"],
];

for (const [marked, markedText, stop] of STOPS)
  test(`after ${JSON.stringify(marked)}, ${JSON.stringify(markedText)}: ${stop}, and for good`, () => {
    const text = markedText.replace(/[¦▪]/g, "");
    const keep = markedText.replace("▪", "").indexOf("¦");
    const decidesAt = markedText.replace("¦", "").indexOf("▪");
    const rule = stopRuleFor(place(marked), 4);
    for (let length = 0; length <= text.length; length++) {
      const expected = stop === "continue" || length < decidesAt ? "continue" : { stop, keep };
      expect(rule(text.slice(0, length)), `after ${length} characters`).toEqual(expected);
    }
  });

/** `null`: dropped in the last filter's name. */
const FILTERED: readonly (readonly [marked: string, text: string, show: string | null, ids: string])[] = [
  ["a = █", "1", "1", ""],
  ["a = █", " \t\n", null, "blank"],
  ["a = █", "1;  \n", "1;", "trailing-space"],
  ["a = █", "1\u001b[2J", "1", "control-characters"],
  ["a = █", "\u0000", null, "control-characters"],
  ["a = █", '"\u202e"', '"', "control-characters"],
  ["a = █", "1\ufffd", "1", "control-characters"],
  ["a = █", "b\tc", "b\tc", ""],
  ["f(█, b)", "a, b)", "a", "suffix-overlap"],
  ["f(█)", "a)", "a", "suffix-overlap"],
  ["f(█ + b", "b", "b", ""],
  ["g(█)", "f(a)", "f(a)", ""],
  ["g(█)", "f(a))", "f(a)", "suffix-overlap"],
  ["{█}", "\n  a {\n  }", "\n  a {\n  }\n", "trailing-space"],
  ["f(█er)", "a, buff", "a, buff", ""],
  ["f(█buffer)", "a, buffer)", "a, ", "suffix-overlap"],
  ["f(█b)", "b)", null, "suffix-overlap"],
  ["{█}\nc", "\n  a\n}\nc", "\n  a\n", "suffix-overlap"],
  ["  {█}", "\n    a", "\n    a\n  ", "trailing-space"],
  ["f(() => {█)", "\n  a\n}", "\n  a\n}", ""],
  ["a {\n  █\n  c();\n}", "b();\n  c();", "b();", "suffix-overlap"],
  ["a {\n  █\n\n  c();  \n}", "b();\n\n  c();\n}", "b();", "suffix-overlap trailing-space"],
  ["a {\n  █\n  c();\n}", "c();", null, "suffix-overlap"],
  ["a {\n  c█\n  c();\n}", "();", null, "suffix-overlap"],
  ["a {\n  █\n}", "b {\n  }", "b {\n  }", ""],
  ["f(█)", "a, b);", "a, b", "surplus-closer"],
  ["f(█) + c", "a(1)) + d", "a(1)", "surplus-closer"],
  ["f(█)", '")");', '")"', "surplus-closer"],
  ["f(█)", "don't);", "don't", "surplus-closer"],
  ['f("█")', 'a\\"b").c()', 'a\\"b', "surplus-closer"],
  ['f("█")', '");', null, "surplus-closer"],
  ['x = █"abc"', 'f("a") + ', 'f("a") + ', ""],
  ["f('█' + b)", "a' + c", "a", "surplus-closer"],
  ["f(█')", "'a", "'a", ""],
  ["f('it\\'s█')", "a')", "a", "suffix-overlap"],
  ["f(█)", "a[0", "a[0", ""],
  ["x;\n█", "x;\nx;", null, "repetition"],
  ["x;\n█", "x;", "x;", ""],
  ["x;\nx;\n█", "x;", null, "repetition"],
  ["x;\nx;\nx█", ";", null, "repetition"],
  ["x;\n█", "x;\n\nx;\nx", null, "repetition"],
  ["x;\n█", "x;\nx;\ny;", "x;\nx;\ny;", ""],
  ["a;\nb;\n█", "a;\nb;\na;\nb;\na", null, "repetition"],
  ["a;\nb;\n█", "a;\nb;", "a;\nb;", ""],
  ["  }\n█", "}", "}", ""],
];

for (const [marked, text, show, ids] of FILTERED)
  test(`at ${JSON.stringify(marked)}, ${JSON.stringify(text)} is ${show === null ? `dropped: ${ids}` : JSON.stringify(show)}`, () => {
    const outcome = filterSuggestion(text, place(marked));
    expect("show" in outcome ? outcome.show : null).toBe(show);
    expect(outcome.reports.map((report) => report.id).join(" ")).toBe(ids);
    if ("drop" in outcome) expect(outcome.drop).toBe(ids.split(" ").at(-1));
    // The reports are a chain from what came in to what is shown.
    const chain = [text, ...outcome.reports.map((report) => report.after)];
    expect(outcome.reports.map((report) => report.before)).toEqual(chain.slice(0, -1));
    expect(chain.at(-1)).toBe(show);
  });
