import type { CaseKind } from "./cases.ts";

/** Off by default. */
const WORDS = { settings: { languages: { "*": true } } };

export default {
  claim: "the first line begins where the cursor is",
  cases: [
    { file: "a.go", at: "func f() {\n\t█\n}\n", answer: "    return 1\n", shown: "return 1" },
    // An extra space: an IndentationError.
    { file: "a.py", at: "def f(x):\n    █\n", answer: " return x\n", shown: "return x" },
    { file: "a.py", at: "def f(x):\n    █\n", answer: "     return x\n", shown: "return x" },
    { file: "a.py", at: "def f(x):\n    █\n", answer: "    return x\n", shown: "return x" },
    { file: "a.py", at: "x = 1\n█\n", answer: " y = 2\n", shown: "y = 2" },
    { file: "a.py", at: "def f():\n    x = 1\n█\n", answer: "     y = 2\n", shown: "    y = 2" },
    {
      file: "a.py",
      at: "def f(x):\n    █\n",
      answer: " if x:\n        return 1\n",
      shown: "if x:\n        return 1",
    },
    { file: "a.ts", at: "const total = █\n", answer: " price + tax;", shown: "price + tax;" },
    { file: "a.ts", at: "function f() {\n  return █\n}\n", answer: "  1;", shown: "1;" },
    { file: "a.go", at: "func f() int {\n\t█\n}\n", answer: "\treturn 1\n", shown: "return 1" },
    { file: "a.rs", at: "fn f() -> u32 {\n    █\n}\n", answer: "    let x = 1;\n", shown: "let x = 1;" },
    { file: "a.yaml", at: "a: 1\n█\n", answer: " b: 2\n", shown: "b: 2" },
    {
      file: "a.py",
      at: "class A:\n    def f(self):\n        pass\n\n    █",
      answer: "    def g(self):\n        pass\n",
      shown: "def g(self):\n        pass",
    },
    // What is right stays.
    { file: "a.ts", at: "const total =█\n", answer: " price + tax;", shown: " price + tax;" },
    { file: "a.py", at: "def f(x):\n    if x:\n    █\n", answer: "    return x\n", shown: "    return x" },
    {
      file: "a.py",
      at: "def g():\n    pass\n\n\ndef f(x):\n  █\n",
      answer: "  return x\n",
      shown: "  return x",
    },
    { file: "a.py", at: "total = f(a,\n          b,\n█\n", answer: "          c)\n", shown: "          c)" },
    { file: "a.py", at: "x = 1 █\n", answer: " # one\n", shown: " # one" },
    { file: "a.ts", at: "a\n  .b()\n  █\n", answer: "  .c();\n", shown: "  .c();" },
    { ...WORDS, file: "a.md", at: "- a\n  █\n", answer: "  - b\n", shown: "  - b" },
    // No line of white space stays behind.
    { file: "a.py", at: "def f(x):\n    █\n", answer: "\n    return x\n", shown: "return x" },
    { file: "a.ts", at: "function f() {\n  █\n}\n", answer: "\n  return 1;\n", shown: "return 1;" },
    { file: "a.go", at: "func f() {\n\t█\n}\n", answer: "\n\tg()\n", shown: "g()" },
    { file: "a.ts", at: "function f() {█\n}\n", answer: "  \n  return 1;\n", shown: "\n  return 1;" },
    // The cursor's line is deeper than the one above: one more space is none of its level.
    { file: "a.rb", at: "def f\n  █\nend\n", answer: " x = 1\n  x", shown: "x = 1\n  x" },
    { file: "a.nim", at: "proc f() =\n  █\n", answer: " echo 1", shown: "echo 1" },
    { file: "a.fs", at: "let f x =\n    █\n", answer: " x + 1", shown: "x + 1" },
    { file: "a.py", at: "x = [\n    █\n]\n", answer: " 1,", shown: "1," },
    { file: "a.py", at: "if a:\n    b()\n█\n", answer: " else:\n    c()", shown: "else:\n    c()" },
    // The space behind a comment's mark is there; more of it is the author's.
    { file: "a.ts", at: "// █\n", answer: " a note", shown: "a note" },
    { file: "a.py", at: "# █\n", answer: "  - an item", shown: "  - an item" },
    { file: "a.ts", at: "const s = 'a █'\n", answer: " b", shown: " b" },
    // A block does not begin with a blank line.
    { file: "a.ts", at: "function f() {\n█\n}\n", answer: "\n  return 1;\n", shown: "  return 1;" },
    // An `=` below another one.
    {
      file: "a.rb",
      at: "  @original_headers = headers\n  @errors █\n",
      answer: "          = errors",
      shown: "          = errors",
    },
    // Blank lines that are right stay.
    {
      file: "a.py",
      at: "import os\n█\n",
      answer: "\n\ndef main():\n    pass\n",
      shown: "\n\ndef main():\n    pass",
    },
    {
      file: "a.ts",
      at: 'import { a } from "./a";\n█\n',
      answer: "\nexport const b = a;\n",
      shown: "\nexport const b = a;",
    },
    {
      file: "a.py",
      at: "import os\n\n█\n",
      answer: "\n\n\ndef main():\n    pass\n",
      shown: "\ndef main():\n    pass",
    },
    { ...WORDS, file: "a.md", at: "# Title\n█\n", answer: "\nA text.\n", shown: "\nA text." },
  ],
} satisfies CaseKind;
