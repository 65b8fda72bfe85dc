import type { CaseKind, GoldenCase } from "./cases.ts";

/** A line at the end of a file, after others. */
const under = (file: string, above: string, answer: string, shown: string | null = answer): GoldenCase => ({
  file,
  at: `${above}\n${/^[ \t]*/.exec(above.slice(above.lastIndexOf("\n") + 1))![0]}█\n`,
  answer,
  shown,
  settings: { languages: { "*": true } }, // YAML and the like are off by default
});

export default {
  claim: "a line is a copy of its neighbour only if it says the same",
  cases: [
    under("a.ts", "const sum = total - amount * factor;", "const sum = total + amount * factor;"),
    under("a.py", "total - amount * factor", "total + amount * factor"),
    under("a.ts", "if (first < second) swap();", "if (first > second) swap();"),
    under("a.ts", "expect(isReady).toBe(x);", "expect(isReady).toBe(!x);"),
    under("a.ts", "menu.addItem('Add');", "menu.addItem('Cut');"),
    under("a.ts", "  descriptor.get: () => value,", "descriptor.set: () => value,"),
    under("a.go", "\treturn process(item)", "return process(items)"),
    under("a.ts", 'export * from "./anchor.ts";', 'export * from "./anchors.ts";'),
    under("a.py", "assert parse(' ') == []", "assert parse('') == []"),
    under("a.rs", "    let left = &input[..middle];", "let right = &input[middle..];"),
    under("a.cpp", "  matrix[row][column] += 1;", "matrix[row][column] -= 1;"),
    under("a.sh", "echo '$HOME is home'", 'echo "$HOME is home"'),
    under("a.sql", "ALTER TABLE users ADD COLUMN age1 int;", "ALTER TABLE users ADD COLUMN age2 int;"),
    under("a.java", "    this.width = Math.max(width, 0);", "this.height = Math.max(height, 0);"),
    {
      file: "a.ts",
      at: "const limits = {\n  █\n  maximum: limit(values),\n};\n",
      answer: "minimum: limit(values),\n",
      shown: "minimum: limit(values),",
    },
    {
      file: "a.ts",
      at: "█\nconst totals = sum(values);\n",
      answer: "const total = sum(values);\n",
      shown: "const total = sum(values);",
    },
    {
      file: "a.py",
      at: "def f():\n    █\n    assert not ready(x)\n",
      answer: "assert ready(x)\n",
      shown: "assert ready(x)",
    },

    // Short and structural lines may repeat.
    under("a.c", "    0, 0, 0, 0, 0, 0,", "0, 0, 0, 0, 0, 0,"),
    under("a.rs", "    0x00, 0x00, 0x00, 0x00,", "0x00, 0x00, 0x00, 0x00,"),
    under("a.s", "\tnop", "nop"),
    under("a.yaml", "a:\n  type: string", "type: string"),
    under("a.html", "  <td></td>", "<td></td>"),
    under(
      "a.ts",
      "class A {\n  @Input()\n  first = 1;\n\n  @Input()\n  second = 2;\n",
      "@Input()\n  third = 3;",
      "@Input()\n  third = 3;",
    ),
    {
      file: "a.ts",
      at: "class A {\n  █\n  @HostListener('click')\n  second() {}\n}\n",
      answer: "@HostListener('click')\n  first() {}\n",
      shown: "@HostListener('click')\n  first() {}",
    },
    {
      file: "a.html",
      settings: { languages: { "*": true } },
      at: '<ul>\n  █\n  <li class="item">\n    b\n  </li>\n</ul>\n',
      answer: '<li class="item">',
      shown: null,
    },
    {
      file: "a.ts",
      at: "const items = [\n  █\n  {\n    name: 'b',\n  },\n];\n",
      answer: "{\n    name: 'a',\n  },\n",
      shown: "{\n    name: 'a',\n  },",
    },
    // The same line in another block is another line.
    {
      file: "a.py",
      at: "def f(a):\n    if a:\n        return False\n    █\n",
      answer: "return False\n",
      shown: "return False",
    },
    {
      file: "a.ts",
      at: "function f(a: number[]) {\n  █\n  return this.total;\n}\n",
      answer: "if (a.length === 0) {\n    return this.total;\n  }\n",
      shown: "if (a.length === 0) {\n    return this.total;\n  }",
    },

    // Copies.
    under("a.ts", "const total = sum(values);", "const total = sum(values);", null),
    under("a.ts", "const total = sum(values)", "const total = sum( values );", null),
    under("a.py", "    self.name = name", "self.name = name", null),
    under("a.py", "first = load('a')\nsecond = load('b')", "first = load('a')\nsecond = load('b')", null),
    under("a.rs", "    items.push(read(input)?);", "items.push(read(input)?);", null),
    {
      file: "a.py",
      at: "def f(values):\n    █\n    total = compute(values)\n    return total\n",
      answer: "values = load()\n    total = compute( values )\n    return total\n",
      shown: "values = load()",
    },
    {
      file: "a.go",
      at: "func f() {\n\t█\n\tdefer file.Close()\n}\n",
      answer: "defer file.Close()\n",
      shown: null,
    },
    {
      file: "a.ts",
      at: "█\ndescribe('b', () => {\n});\n",
      answer: "describe('a', () => {\n});\n",
      shown: "describe('a', () => {\n});",
      invoked: true,
    },
    // The user, not the model, writes the line again.
    {
      file: "a.html",
      settings: { languages: { "*": true } },
      at: "<p>And no matter how much progress one makes, there is █\n<p>And no matter how much progress one makes, there is always a beginning.</p>\n",
      answer: "always a beginning.</p>",
      shown: "always a beginning.</p>",
      invoked: true,
    },
    {
      file: "a.py",
      at: "check(first, second, third, fourth, fifth, █\ncheck(first, second, third, fourth, fifth, sixth)\n",
      answer: "sixth)",
      shown: "sixth)",
    },
    {
      file: "a.py",
      at: "check(first, second, third, fourth, fifth, sixth)\ncheck(first, second, third, fourth, fifth, █\n",
      answer: "sixth)",
      shown: "sixth)",
    },
    {
      file: "a.py",
      at: "check(█\ncheck(first, second, third, fourth, fifth, sixth)\n",
      answer: "first, second, third, fourth, fifth, sixth)",
      shown: null,
    },
    // The entries of a list begin with the same, and what tells them apart comes below.
    {
      file: "a.go",
      at: 'var tests = []test{\n\t█\n\t{\n\t\tmatcher: NewRouter().Host("a"),\n\t\turl: "http://a:65535/",\n\t},\n}\n',
      answer: '{\n\t\tmatcher: NewRouter().Host("a"),\n\t\turl: "http://a/",\n\t},\n',
      shown: '{\n\t\tmatcher: NewRouter().Host("a"),\n\t\turl: "http://a/",\n\t},',
    },
    {
      file: "a.ts",
      at: "const items = [\n  █\n  {\n    kind: kinds.of('a', 1),\n    name: 'b',\n  },\n];\n",
      answer: "{\n    kind: kinds.of('a', 1),\n    name: 'a',\n  },\n",
      shown: "{\n    kind: kinds.of('a', 1),\n    name: 'a',\n  },",
    },
    {
      file: "a.ts",
      at: "const items = [\n  █\n  {\n    kind: kinds.of('a', 1),\n    name: 'b',\n  },\n];\n",
      answer: "{\n    kind: kinds.of('a', 1),\n    name: 'b',\n  },\n",
      shown: null,
    },
    // Two bodies may begin alike.
    {
      file: "a.cs",
      at: "class A {\n    █\n    {\n        Check(first);\n        Check(second);\n        Run(first, second);\n    }\n}\n",
      answer:
        "void One(int first, int second)\n    {\n        Check(first);\n        Check(second);\n        Stop(first);\n    }\n\n    void Two(int first, int second)\n",
      shown:
        "void One(int first, int second)\n    {\n        Check(first);\n        Check(second);\n        Stop(first);\n    }\n\n    void Two(int first, int second)",
      invoked: true,
    },
    {
      file: "a.cs",
      at: "class A {\n    █\n    {\n        Check(first);\n        Check(second);\n        Run(first, second);\n    }\n}\n",
      answer:
        "void Two(int first, int second)\n    {\n        Check(first);\n        Check(second);\n        Run(first, second);\n    }\n",
      shown: "void Two(int first, int second)",
      invoked: true,
    },
  ],
} satisfies CaseKind;
