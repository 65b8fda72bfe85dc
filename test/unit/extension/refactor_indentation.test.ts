import { describe, expect, test } from "vitest";
import { fitToSelection } from "../../../extension/refactor/indentation.ts";
import { linesInStrings } from "../../../extension/refactor/lexical.ts";
import { selectedIn, wholeLines } from "../../../extension/refactor/selected.ts";
import { seededRandom } from "../../reference/random.ts";
import { testSeed } from "../../reference/seed.ts";

/** A file with `⟦` and `⟧` around the selection: what it becomes with this code in the selection's place. */
function fitted(marked: string, code: string, languageId = "typescript"): string {
  const range = { start: marked.indexOf("⟦"), end: marked.indexOf("⟧") - 1 };
  const selected = selectedIn(marked.replace(/[⟦⟧]/g, ""), range, languageId);
  return marked.replace(/⟦[\s\S]*⟧/, () => fitToSelection(code, selected));
}

const cases: [name: string, marked: string, code: string, result: string, languageId?: string][] = [
  [
    "moved to the selection's column",
    "x {\n    ⟦a;⟧\n}",
    "if (a) {\n  b;\n}",
    "x {\n    if (a) {\n      b;\n    }\n}",
  ],
  ["moved to the column of its selected first line", "x {\n⟦  a;⟧\n}", "b;\nc;", "x {\n  b;\n  c;\n}"],
  [
    "moved to the column of a half-selected indentation",
    "x {\n  ⟦  a;⟧\n}",
    "b;\nc;",
    "x {\n    b;\n    c;\n}",
  ],
  ["moved from a column of its own", "x {\n  ⟦a;⟧\n}", "      b;\n        c;", "x {\n  b;\n    c;\n}"],
  ["left where the model kept it", "x {\n  ⟦a;\n  b;⟧\n}", "  c;\n  d;", "x {\n  c;\n  d;\n}"],
  [
    "left where the model kept all but the first line",
    "x {\n  ⟦if (a) {\n    b;\n  }⟧\n}",
    "if (c) {\n    d;\n  }",
    "x {\n  if (c) {\n    d;\n  }\n}",
  ],
  [
    "left where the model kept all but the first statement",
    "x {\n  ⟦a;\n  b;⟧\n}",
    "c;\n  d;",
    "x {\n  c;\n  d;\n}",
  ],
  [
    "moved though a body without braces looks alike",
    "x {\n  ⟦if (a) b;⟧\n}",
    "if (a)\n  c;",
    "x {\n  if (a)\n    c;\n}",
  ],
  [
    "moved though a chain looks alike",
    "x {\n  ⟦a.b().c();⟧\n}",
    "a\n  .b()\n  .c();",
    "x {\n  a\n    .b()\n    .c();\n}",
  ],
  [
    "moved though Python's body looks alike",
    "class A:\n    ⟦def f(self): pass⟧\n",
    "def f(self):\n    return 1",
    "class A:\n    def f(self):\n        return 1\n",
    "python",
  ],
  [
    "left in Python where all but the first line was kept",
    "class A:\n    ⟦def f(self):\n        pass⟧\n",
    "def f(self):\n        return 1",
    "class A:\n    def f(self):\n        return 1\n",
    "python",
  ],
  [
    "right where the selection begins deep and ends high",
    "x {\n  y {\n    ⟦a;\n  }\n  b;⟧\n}",
    "    c;\n  }\n  d;",
    "x {\n  y {\n    c;\n  }\n  d;\n}",
  ],
  [
    "right where the selection begins in the middle of a line",
    "x {\n  const y = ⟦f(\n    a,\n  )⟧;\n}",
    "g(\n    a,\n    b,\n  )",
    "x {\n  const y = g(\n    a,\n    b,\n  );\n}",
  ],
  [
    "right where a middle is moved to the left",
    "x {\n  const y = ⟦f(\n    a,\n  )⟧;\n}",
    "g(\n  a,\n  b,\n)",
    "x {\n  const y = g(\n    a,\n    b,\n  );\n}",
  ],
  [
    "in tabs, as the selection",
    "x {\n\t⟦if (a) {\n\t\tb;\n\t}⟧\n}",
    "if (a) {\n    if (b) {\n        c;\n    }\n}",
    "x {\n\tif (a) {\n\t\tif (b) {\n\t\t\tc;\n\t\t}\n\t}\n}",
  ],
  [
    "in tabs, as the lines around a single line",
    "x {\n\ty {\n\t\t⟦a;⟧\n\t}\n}",
    "if (a) {\n  b;\n}",
    "x {\n\ty {\n\t\tif (a) {\n\t\t\tb;\n\t\t}\n\t}\n}",
  ],
  [
    "in tabs in a Makefile",
    "all:\n\t⟦a⟧\n",
    "  if a; then \\\n    b; \\\n  fi",
    "all:\n\tif a; then \\\n\t\tb; \\\n\tfi\n",
    "makefile",
  ],
  [
    "in spaces, as the selection",
    "x {\n  ⟦if (a) {\n    b;\n  }⟧\n}",
    "if (a) {\n\tif (b) {\n\t\tc;\n\t}\n}",
    "x {\n  if (a) {\n    if (b) {\n      c;\n    }\n  }\n}",
  ],
  [
    "in steps of the selection",
    "⟦if (a) {\n  b;\n}⟧",
    "if (a) {\n    if (b) {\n        c;\n    }\n}",
    "if (a) {\n  if (b) {\n    c;\n  }\n}",
  ],
  [
    "aligned as the model aligned it",
    "⟦if (a) {\n  b;\n}⟧",
    "f(a,\n  b);\ng(\n    c);",
    "f(a,\n  b);\ng(\n    c);",
  ],
  ["blank where the model's lines are", "x {\n  ⟦a;⟧\n}", "b;\n   \nc;", "x {\n  b;\n\n  c;\n}"],
  [
    "untouched in a template literal",
    "x {\n  ⟦a;⟧\n}",
    "b(`\none\n    two\n`);\nc;",
    "x {\n  b(`\none\n    two\n`);\n  c;\n}",
  ],
  [
    "untouched in a template literal that the selection has",
    "x {\n    ⟦a(`\n  one\n`);⟧\n}",
    "    b(`\n  one\n`);",
    "x {\n    b(`\n  one\n`);\n}",
  ],
  [
    "moved back with a template literal that the model moved",
    "x {\n  ⟦a(`\n    one\n  `);⟧\n}",
    "b(`\n  one\n`);",
    "x {\n  b(`\n    one\n  `);\n}",
  ],
  [
    "untouched in a docstring",
    "class A:\n    ⟦x = 1⟧\n",
    's = """\none\n  two\n"""\ny = 2',
    'class A:\n    s = """\none\n  two\n"""\n    y = 2\n',
    "python",
  ],
  [
    "untouched in a raw string of Go",
    "func f() {\n\t⟦a()⟧\n}",
    "s := `\n  one\n`\nb()",
    "func f() {\n\ts := `\n  one\n`\n\tb()\n}",
    "go",
  ],
  [
    "untouched in a here-document",
    "if a; then\n    ⟦b⟧\nfi",
    "cat <<EOF\none\nEOF\nc",
    "if a; then\n    cat <<EOF\none\nEOF\n    c\nfi",
    "shellscript",
  ],
];
describe("the indentation of an answer is", () => {
  for (const [name, marked, code, result, languageId] of cases)
    test(name, () => expect(fitted(marked, code, languageId)).toBe(result));
});

test("random selections, answered with their own text, at their column or at none: nothing changes", () => {
  const seed = testSeed();
  const random = seededRandom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  for (let round = 0; round < 2000; round++) {
    const unit = ["\t", "  ", "    "][below(3)]!;
    const lines: string[] = [];
    let depth = 0;
    for (let count = 4 + below(12); count > 0; count--) {
      if (depth > 0 && below(4) === 0) lines.push(`${unit.repeat(--depth)}}`);
      else if (below(3) === 0) lines.push(`${unit.repeat(depth++)}if (a${below(9)}) {`);
      else lines.push(below(8) === 0 ? "" : `${unit.repeat(depth)}f(${below(9)});`);
    }
    const text = lines.join("\n");
    const first = below(lines.length);
    const last = first + below(lines.length - first);
    const offset = (line: number) => lines.slice(0, line).join("\n").length + (line > 0 ? 1 : 0);
    const white = /^\s*/.exec(lines[first]!)![0].length;
    const start = offset(first) + below(white + 1);
    const end = offset(last) + lines[last]!.length + (last + 1 < lines.length ? below(2) : 0);
    const selected = selectedIn(text, { start, end }, "typescript");
    if (selected.text.trim() === "") continue;
    const kept = wholeLines(selected);
    const indentation = Math.min(
      ...kept
        .split("\n")
        .filter((line) => line.trim() !== "")
        .map((line) => /^\s*/.exec(line)![0].length),
    );
    const moved = kept
      .split("\n")
      .map((line) => line.slice(indentation))
      .join("\n");
    for (const code of [kept, moved])
      expect(fitToSelection(code, selected), `seed ${seed}, round ${round}: ${JSON.stringify(code)}`).toBe(
        selected.text,
      );
  }
});

test("a line begins in a string where the line before has left it open", () => {
  expect(linesInStrings("a(`\nb\n`);\nc", "typescript")).toEqual([false, true, true, false]);
});
