import { expect, test } from "vitest";
import { type FilterHints, filterSuggestion } from "../../../engine/complete/filters/index.ts";
import { mayBeWords } from "../../../engine/complete/filters/prose.ts";
import { placeAt } from "../../../engine/complete/text/place.ts";
import { seededRandom } from "../../reference/random.ts";
import { testSeed } from "../../reference/seed.ts";

/**
 * `at`: the document, `█` at the cursor; `text`: what the model wrote; `shown`: what is left of it, null where it is
 * dropped; `by`: the filters that had a hand in it, in order.
 */
interface Case {
  readonly at: string;
  readonly text: string;
  readonly shown: string | null;
  readonly by: string;
  readonly hints?: FilterHints;
}

const cases: readonly Case[] = [
  // Control tokens spelled out, and thoughts.
  { at: "x = █", text: "1;<|endoftext|>", shown: "1;", by: "sentinel" },
  { at: "x = █", text: "<|fim_middle|>1;", shown: null, by: "sentinel" },
  { at: "x = █", text: "a + b<|fim_suffix|> c", shown: "a + b", by: "sentinel" },
  { at: "x = █", text: "f()<|file_sep|>src/b.ts\nexport", shown: "f()", by: "sentinel" },
  { at: "x = █", text: "1<|im_end|>\n<|im_start|>user", shown: "1", by: "sentinel" },
  { at: "x = █", text: "<think>The user wants", shown: null, by: "sentinel" },
  { at: "x = █", text: "1;</think>", shown: "1;", by: "sentinel" },
  { at: "x = █", text: "value<fim_suffix>", shown: "value", by: "sentinel" },
  { at: "x = █", text: "value <EOT>", shown: "value", by: "sentinel trailing-space" },
  { at: "x = █", text: "[SUFFIX] rest", shown: null, by: "sentinel" },
  { at: "if s == '<|im_end|>':\n    x = █", text: "'<|im_end|>'", shown: "'<|im_end|>'", by: "" },
  // Nothing.
  { at: "x = █", text: "", shown: null, by: "blank" },
  { at: "x = █", text: "  \n\t\n", shown: null, by: "blank" },
  // What is no text.
  { at: "x = █", text: "1;\u0000\u0000", shown: "1;", by: "control-characters" },
  { at: "x = █", text: "name\ufffd", shown: "name", by: "control-characters" },
  { at: "x = █", text: "\u001b[31mred", shown: null, by: "control-characters" },
  { at: "x = █", text: "a\u202e b", shown: "a", by: "control-characters" },
  // Fences and talk.
  { at: "█", text: "```ts\nconst a = 1;\n```", shown: "const a = 1;", by: "prose" },
  { at: "█", text: "const a = 1;\n```\nThis code", shown: "const a = 1;", by: "prose" },
  { at: "█", text: "Here is the code you asked for:", shown: null, by: "prose" },
  { at: "█", text: "Sure, this should work", shown: null, by: "prose" },
  { at: "█", text: "Certainly! The function", shown: null, by: "prose" },
  { at: "█", text: "The following code sorts", shown: null, by: "prose" },
  { at: "# █", text: "Here is the list", shown: "Here is the list", by: "", hints: { languageId: "python" } },
  { at: "█", text: "Here is the code", shown: "Here is the code", by: "", hints: { languageId: "markdown" } },
  { at: "█", text: "```ts\nx\n```", shown: "```ts\nx\n```", by: "", hints: { languageId: "markdown" } },
  { at: "/*\n  █\n*/", text: "Note that it is slow.", shown: "Note that it is slow.", by: "" },
  { at: '"""Adds.\n\n█\n"""', text: "This function is slow.", shown: "This function is slow.", by: "" },
  { at: "/* a */\n█", text: "Note that it is slow.", shown: null, by: "prose" },
  // Text that follows the cursor already.
  { at: "f(█)", text: "a)", shown: "a", by: "suffix-overlap" },
  { at: "f(█);", text: "a, b);", shown: "a, b", by: "suffix-overlap" },
  { at: "x = [█]", text: "1, 2]", shown: "1, 2", by: "suffix-overlap" },
  { at: 'log("█")', text: 'done")', shown: "done", by: "suffix-overlap" },
  { at: "if (█) {", text: "ready) {", shown: "ready", by: "suffix-overlap" },
  { at: "f(█)", text: "g(a)", shown: "g(a)", by: "" },
  { at: "f(█)", text: ")", shown: null, by: "suffix-overlap" },
  { at: "a(█);\nb();", text: "1);\nb();", shown: "1", by: "suffix-overlap" },
  { at: "x = {█}", text: " a: 1 }", shown: " a: 1 ", by: "suffix-overlap" },
  // Lines below.
  {
    at: "  █\n  return total;",
    text: "total += 1;\n  return total;",
    shown: "total += 1;",
    by: "suffix-overlap",
  },
  { at: "█\nconst answer = 42;", text: "const answer = 42;", shown: null, by: "suffix-overlap" },
  { at: "█\nconst answer = 42;", text: "const answers = 42;", shown: "const answers = 42;", by: "" },
  {
    at: "  █\n  this.items.push(item);\n  return this;",
    text: "check(item);\n  this.items.push(item);\n  return this;\n}",
    shown: "check(item);",
    by: "next-lines",
  },
  {
    at: "    █\n    total = compute(values)\n",
    text: "values = load()\n    total = compute(values)\n    print(total)",
    shown: "values = load()",
    by: "next-lines",
  },
  { at: "  █\n}", text: "return;\n}", shown: "return;", by: "suffix-overlap" },
  { at: "  █\n  i++;", text: "j++;", shown: "j++;", by: "" },
  { at: "  █\n}\n\nfoo();", text: "bar();", shown: "bar();", by: "" },
  // Loops.
  { at: "x;\nx;\n█", text: "x;", shown: null, by: "repetition" },
  { at: "a;\nb;\n█", text: "a;\nb;\na;\nb;\na", shown: null, by: "repetition" },
  {
    at: "█",
    text: "push(1);\npush(1);\npush(1);\npush(1);",
    shown: "push(1);\npush(1);",
    by: "repetition",
  },
  { at: "f(█)", text: Array(20).fill("a, b").join(", "), shown: "a, b", by: "repetition" },
  { at: "x = █", text: Array(40).fill("no").join(" "), shown: "no", by: "repetition" },
  { at: "x = █", text: Array(12).fill("one two three").join(" "), shown: "one two three", by: "repetition" },
  {
    at: "x = [█]",
    text: "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16",
    shown: "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16",
    by: "",
  },
  { at: "  █", text: "}\n}\n}\n}", shown: "}\n}\n}\n}", by: "" },
  { at: "// █", text: "-".repeat(60), shown: "-".repeat(60), by: "" },
  // Closers.
  { at: "f(█)", text: "a);", shown: "a", by: "surplus-closer" },
  { at: "x = [█]", text: "a]];", shown: "a", by: "surplus-closer" },
  { at: "f(g(█))", text: "a)) + 1", shown: "a", by: "surplus-closer" },
  { at: "s = '█'", text: "it' + x", shown: "it", by: "surplus-closer" },
  { at: "f({█})", text: " a });", shown: " a ", by: "surplus-closer" },
  { at: "f(█)", text: "(a) => a", shown: "(a) => a", by: "" },
  { at: "f(█)", text: "[1, 2], { a: 3 }", shown: "[1, 2], { a: 3 }", by: "" },
  // The editor's own indentation.
  {
    at: "if (a) {█",
    text: "\n\tb();\n}",
    shown: "\n  b();\n}",
    by: "indentation",
    hints: { tabSize: 2, insertSpaces: true },
  },
  {
    at: "if (a) {█",
    text: "\n    b();\n        c();\n}",
    shown: "\n\tb();\n\t\tc();\n}",
    by: "indentation",
    hints: { tabSize: 4, insertSpaces: false },
  },
  {
    at: "if a:█",
    text: "\n    \tb()",
    shown: "\n        b()",
    by: "indentation",
    hints: { tabSize: 4, insertSpaces: true },
  },
  {
    at: "\t█",
    text: "a();\n\t/**\n\t * doc",
    shown: "a();\n\t/**\n\t * doc",
    by: "",
    hints: { tabSize: 4, insertSpaces: false },
  },
  // The line above once more.
  {
    at: "const total = sum(values);\n█",
    text: "const total = sum(values);",
    shown: null,
    by: "previous-line",
  },
  {
    at: "const total = sum(values);\n█",
    text: "const totals = sum(values);",
    shown: "const totals = sum(values);",
    by: "",
  },
  { at: "    self.name = name\n    █", text: "self.name = name", shown: null, by: "previous-line" },
  { at: "    self.name = name\n    █", text: "self.size = size", shown: "self.size = size", by: "" },
  { at: "a();\n█", text: "a();", shown: "a();", by: "" },
  { at: "lines.push(a);\n█", text: "lines.push(b);", shown: "lines.push(b);", by: "" },
  { at: "const row1 = read();\n█", text: "const row2 = read();", shown: "const row2 = read();", by: "" },
  { at: "█\n  case 2: return b;", text: "  case 1: return b;", shown: "  case 1: return b;", by: "" },
  // Other languages.
  { at: "def f(a):\n    return █", text: "a<|fim_pad|><|fim_pad|>", shown: "a", by: "sentinel" },
  { at: "fn f() -> u32 {\n    █\n}", text: "7\n}<|repo_name|>x", shown: "7", by: "sentinel suffix-overlap" },
  { at: "█", text: "Of course! Here", shown: null, by: "prose" },
  { at: "def f():\n    █", text: "Here's the rest of it", shown: null, by: "prose" },
  { at: "█", text: "```python\ndef f():\n    pass\n```\nThis", shown: "def f():\n    pass", by: "prose" },
  { at: "print(█)", text: "'a', b)", shown: "'a', b", by: "suffix-overlap" },
  { at: "d = {█}", text: "'a': 1}\nprint(d)", shown: "'a': 1", by: "surplus-closer" },
  { at: "x = d[█]", text: "'a']['b']", shown: "'a'", by: "surplus-closer" },
  { at: 'fmt.Println("█")', text: 'a", b)', shown: "a", by: "surplus-closer" },
  { at: "x := f(█)\nreturn x", text: "1)\nreturn x", shown: "1", by: "suffix-overlap" },
  { at: "import os\n█", text: "import os\nimport os\nimport os", shown: null, by: "repetition" },
  { at: "- a\n- b\n█", text: "- a\n- b\n- a\n- b", shown: null, by: "repetition" },
  {
    at: "    for a in b:\n        █\n    return total",
    text: "total += a\n    return total",
    shown: "total += a",
    by: "suffix-overlap",
  },
  { at: ".a {\n  █\n}", text: "color: red;\n}", shown: "color: red;", by: "suffix-overlap" },
  { at: "import numpy as np\n█", text: "import numpy as np", shown: null, by: "previous-line" },
  {
    at: "func f() {\n\t█\n}",
    text: "if a {\n        b()\n    }",
    shown: "if a {\n\t\tb()\n\t}",
    by: "indentation",
    hints: { tabSize: 4, insertSpaces: false },
  },
  { at: "puts █", text: "a\u0007", shown: "a", by: "control-characters" },
  { at: "echo █", text: "$a  ", shown: "$a", by: "trailing-space" },
  // White space at the end.
  { at: "x = █", text: "1;   ", shown: "1;", by: "trailing-space" },
  { at: "x = █", text: "1;\n\n", shown: "1;", by: "trailing-space" },
  { at: "  if (a) {█}", text: "\n    b();", shown: "\n    b();\n  ", by: "trailing-space" },
  { at: "def f():█", text: "\n    pass\n\n\n", shown: "\n    pass", by: "trailing-space" },
];

for (const { at, text, shown, by, hints } of cases)
  test(`at ${JSON.stringify(at)}, ${JSON.stringify(text.slice(0, 60))} → ${JSON.stringify(shown?.slice(0, 60) ?? null)}`, () => {
    const outcome = filterSuggestion(text, placeAt(at.replace("█", ""), at.indexOf("█")), hints);
    expect("show" in outcome ? outcome.show : null).toBe(shown);
    expect(outcome.reports.map(({ id }) => id).join(" ")).toBe(by);
  });

test("ASCII is told from words as any text is", () => {
  const seed = testSeed();
  const random = seededRandom(seed);
  for (let run = 0; run < 20_000; run++) {
    const text = Array.from({ length: 12 }, () => "aZ'.!,:  (\t\n0"[Math.floor(random() * 13)]).join("");
    // A letter on a line of its own is no word beside others, and no ASCII.
    expect(mayBeWords(text), `seed ${seed}: ${JSON.stringify(text)}`).toBe(mayBeWords(`${text}\né`));
  }
});
