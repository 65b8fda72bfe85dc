import type { CaseKind, GoldenCase } from "./cases.ts";

const times = (text: string, count: number, between = ""): string => Array(count).fill(text).join(between);
const words = "the quick brown fox jumps over the lazy dog near our river";
const block = "\n  first();\n  second();\n  third();";
const rows = Array.from({ length: 8 }, (_, row) => `const row${row} = read(${row});`).join("\n  ");

/** Something that the file has just above the cursor, said once more. */
const again = (file: string, above: string, answer: string, shown: string | null): GoldenCase => ({
  file,
  at: `${above}\n\n█\n`,
  answer,
  shown,
});

const unfinished =
  "const node = names.get(key);\n  return {\n    from: node,\n    to: { text: node.name },\n  };";

const area = "def area(self):\n    return self.width * self.height";
const total = "function total(items: Item[]) {\n  return items.length;\n}";

const dark = (name: string, color: string) =>
  `@media (prefers-color-scheme: dark) {\n  ${name} {\n    color: ${color};\n  }\n}`;

export default {
  claim: "a loop is cut after its first round, and a second copy is not shown",
  cases: [
    // Within one word.
    { file: "a.py", at: "x = █\n", answer: `"${times("ha", 40)}`, shown: null },
    { file: "a.py", at: 'x = "█"\n', answer: times("ha", 40), shown: null },
    { file: "a.ts", at: 'const png = "█";\n', answer: `iVBORw0KGgo${times("AAAA", 30)}`, shown: null },
    { file: "a.ts", at: "const png = █\n", answer: `"iVBORw0KGgo${times("QUFB", 30)}";`, shown: null },
    {
      file: "a.ts",
      at: "function f() {█\n}\n",
      answer: `\n  a();\n  b("${times("xyz", 30)}`,
      shown: "\n  a();",
    },
    {
      file: "a.rs",
      at: "const ZERO: &str = █\n",
      answer: `"${"0".repeat(64)}";`,
      shown: `"${"0".repeat(64)}";`,
    },
    { file: "a.py", at: "# █\n", answer: "=".repeat(70), shown: "=".repeat(70) },
    { file: "a.py", at: "laugh = █\n", answer: '"hahaha"', shown: '"hahaha"' },
    // Of words.
    {
      file: "a.md",
      at: "█\n",
      answer: times(words, 4, " "),
      shown: words,
      settings: { languages: { "*": true } },
    },
    { file: "a.py", at: "# █\n", answer: times(words, 3, " "), shown: words },
    { file: "a.ts", at: "const a = █\n", answer: times("b", 30, " && "), shown: "b" },
    { file: "a.ts", at: "const a = [█\n", answer: `[${times("{ id: 1 }", 12, ", ")}`, shown: null },
    { file: "a.c", at: "int a[] = {█};\n", answer: times("0", 16, ", "), shown: times("0", 16, ", ") },
    { file: "a.py", at: "# █\n", answer: times("TODO", 20, " "), shown: "TODO" },
    { file: "a.ts", at: "// █\n", answer: times("TODO", 3, " // "), shown: "TODO" },
    { file: "a.ts", at: "const a = █\n", answer: `a${times(".then(b)", 15)}`, shown: "a.then(b)" },
    { file: "a.ts", at: "const a = █\n", answer: times("f(", 30), shown: null },
    { file: "a.ts", at: "const a = █\n", answer: times("(", 40), shown: null },
    // Of lines.
    { file: "a.ts", at: "function f() {█\n}\n", answer: times(block, 4), shown: block },
    {
      file: "a.ts",
      at: "function f() {█\n}\n",
      answer: times("\n  first();", 5),
      shown: times("\n  first();", 2),
    },
    {
      file: "a.py",
      at: "def f():█\n",
      answer: times("\n    a = read()\n    b = parse(a)\n    c = check(b)\n    d = write(c)\n    log(d)", 3),
      shown: "\n    a = read()\n    b = parse(a)\n    c = check(b)\n    d = write(c)\n    log(d)",
    },
    { file: "a.ts", at: "function f() {\n  █\n}\n", answer: `${rows}\n`, shown: rows },
    {
      file: "a.c",
      at: "int identity[] = {█\n};\n",
      answer: times("\n  0, 0, 0,", 4),
      shown: times("\n  0, 0, 0,", 4),
    },
    // Branches that a statement has once.
    {
      file: "a.py",
      at: "def f(a):\n    if a:\n        return 1\n    █\n",
      answer: "else:\n        return 0\n    else:\n        return 0\n",
      shown: "else:\n        return 0",
    },
    {
      file: "a.ts",
      at: "function f(a: boolean) {\n  if (a) {\n    b();\n  } else {\n    c();\n  }█\n}\n",
      answer: " else {\n    c();\n  }\n",
      shown: null,
    },
    {
      file: "a.ts",
      at: "switch (a) {█\n}\n",
      answer: "\n  case 1:\n    return b;\n  case 2:\n    return c;\n  case 1:\n    return b;",
      shown: "\n  case 1:\n    return b;\n  case 2:\n    return c;",
    },
    {
      file: "a.ts",
      at: "switch (a) {█\n}\n",
      answer: "\n  case 1:\n  case 2:\n    return b;\n  default:\n    return c;",
      shown: "\n  case 1:\n  case 2:\n    return b;\n  default:\n    return c;",
    },
    {
      file: "a.py",
      at: "try:\n    a()\nexcept ValueError:\n    b()\n█\n",
      answer: "except ValueError:\n    b()\n",
      shown: null,
    },
    {
      file: "a.py",
      at: "try:\n    a()\nexcept ValueError:\n    b()\n█\n",
      answer: "except KeyError:\n",
      shown: "except KeyError:",
    },
    {
      file: "a.py",
      at: "def f(a, b):\n    if a:\n        c()\n    else:\n        d()\n    if b:\n        e()\n    █\n",
      answer: "else:\n        d()\n",
      shown: "else:\n        d()",
    },
    // The declaration above, once more.
    again("a.ts", total, total, null),
    again("a.ts", total, "function total(items: Item[]) {\n  return items.size;\n}", null),
    again(
      "a.ts",
      total,
      "function total(items: string[]) {\n  return items.length;\n}",
      "function total(items: string[]) {\n  return items.length;\n}",
    ),
    again("a.py", "def area(a):\n    return a * a", "def area(a):\n    return a * a\n", null),
    again(
      "a.py",
      "def area(a):\n    return a * a",
      "def edge(a):\n    return 4 * a\n",
      "def edge(a):\n    return 4 * a",
    ),
    again(
      "a.go",
      "func Area(a int) int {\n\treturn a * a\n}",
      "func Area(a int) int {\n\treturn a * a\n}\n",
      null,
    ),
    again("a.rs", "fn area(a: u32) -> u32 {\n    a * a\n}", "fn area(a: u32) -> u32 {\n    a * a\n}\n", null),
    again(
      "a.rs",
      "#[cfg(unix)]\nfn area(a: u32) -> u32 {\n    a * a\n}",
      "#[cfg(windows)]\nfn area(a: u32) -> u32 {\n    a\n}",
      "#[cfg(windows)]\nfn area(a: u32) -> u32 {\n    a\n}",
    ),
    {
      file: "a.py",
      at: `class A:\n    ${area.replace("\n", "\n    ")}\n\n    █\n`,
      answer: `${area.replace("\n", "\n    ")}\n`,
      shown: null,
    },
    {
      file: "a.py",
      at: `class A:\n    ${area.replace("\n", "\n    ")}\n\nclass B:\n    █\n`,
      answer: `${area.replace("\n", "\n    ")}\n`,
      shown: area.replace("\n", "\n    "),
    },
    {
      file: "a.ts",
      at: "class A {\n  size() {\n    return this.items.length;\n  }\n\n  █\n}\n",
      answer: "size() {\n    return this.items.length;\n  }\n",
      shown: null,
    },
    again("a.py", "import os\nimport sys", "import os", null),
    again("a.py", "import os\nimport sys", "import re", "import re"),
    again("a.lua", "local function a(x)\n  return x\nend", "local function a(x)\n  return x\nend", null),
    {
      file: "a.py",
      at: "def f(x):\n    █\n",
      answer:
        "if x == 1:\n        return 1\n    elif x == 2:\n        return 2\n    elif x == 1:\n        return 1\n",
      shown: "if x == 1:\n        return 1\n    elif x == 2:\n        return 2",
    },
    {
      file: "a.ts",
      at: `${total}█\n`,
      answer: `\n\n${total}\n`,
      shown: null,
    },
    again("a.c", "#ifdef A\n#include <stdio.h>\n#else", "#include <stdio.h>", "#include <stdio.h>"),
    again("a.c", "#include <stdio.h>\n#include <stdlib.h>", "#include <stdio.h>", null),
    again(
      "a.ts",
      "import { a } from './a.ts';\nimport { b } from './b.ts';",
      "import { a } from './a.ts';",
      null,
    ),
    // Each example in a document is a file of its own.
    {
      file: "a.md",
      at: "```js\nimport { request } from 'undici'\nrequest(a)\n```\n\n```js\n█\n```\n",
      answer: "import { request } from 'undici'",
      shown: "import { request } from 'undici'",
      settings: { languages: { "*": true } },
    },
    {
      file: "a.rst",
      at: ".. code:: python\n\n    def area(a):\n        return a\n\nOr:\n\n.. code:: python\n\n    █\n",
      answer: "def area(a):\n        return a * a",
      shown: "def area(a):\n        return a * a",
      settings: { languages: { "*": true } },
    },
    // A block like those above, with another content.
    {
      file: "a.css",
      at: `${dark("html", "#111")}\n\n${dark("html", "#222")}\n\n█\n`,
      answer: dark("html", "#333"),
      shown: dark("html", "#333"),
      invoked: true,
    },
    {
      file: "a.css",
      at: `${dark("a", "#111")}\n\n█\n\n${dark("c", "#111")}\n`,
      answer: dark("b", "#111"),
      shown: dark("b", "#111"),
      invoked: true,
    },
    {
      file: "a.css",
      at: `${dark("html", "#111")}\n\n█\n`,
      answer: dark("html", "#111"),
      shown: null,
      invoked: true,
    },
    // A second copy that has no end.
    ...["\n  ", " ", ""].map((between) => ({
      file: "a.ts",
      at: "function f() {\n  █\n}\n",
      answer: `${unfinished}${between}${unfinished.slice(0, -6)}`,
      shown: unfinished,
    })),
    {
      file: "a.php",
      at: "<?php\nfunction f() {\n    █\n}\n",
      answer: "if (isset($a[0])) {\n        trim($a);\n    }if (isset($a[0",
      shown: "if (isset($a[0])) {\n        trim($a);\n    }",
    },
    {
      file: "a.ts",
      at: "function f() {\n  █\n}\n",
      answer: "if (a) {\n    b(a);\n  }\n  if (c) {\n    d(",
      shown: "if (a) {\n    b(a);\n  }\n  if (c) {\n    d(",
    },
    {
      file: "a.py",
      at: "x = █\n",
      answer: Array(40).fill("a.b").join("."),
      shown: "a.b",
    },
    {
      file: "a.ts",
      at: "switch (x) {\n  case 1: return 'a';\n  █\n}\n",
      answer: "default: return 'b';\n  default: return 'c';\n",
      shown: "default: return 'b';",
    },
    // The ends of nested templates are the same.
    {
      file: "a.yaml",
      at: "a: |\n  {{ if .a }}\n  {{ if .b }}\n  {{ end }}\n  █\n",
      answer: "{{ end }}",
      shown: "{{ end }}",
      settings: { languages: { "*": true } },
    },
  ],
} satisfies CaseKind;
