import type { CaseKind } from "./cases.ts";

const SPACES_ELSEWHERE = "def a():\n    return 1\n\n\ndef b():\n    return 2\n\n\n";

export default {
  claim: "a suggestion is indented as the lines around the cursor are",
  cases: [
    // Makefile: a recipe's line begins with a tab, whatever the editor inserts.
    {
      file: "Makefile",
      at: "CC = gcc\n\nall:█\n",
      answer: "\n    $(CC) -o app main.c\n    strip app\n",
      shown: "\n\t$(CC) -o app main.c\n\tstrip app",
      invoked: true,
    },
    {
      file: "Makefile",
      at: "SOURCES = a.c \\\n    b.c\n\nall:\n\tgcc a.c\n\nclean:\n█\n",
      answer: "\trm -f app\n",
      shown: "\trm -f app",
    },
    {
      file: "Makefile",
      at: "all: app\n\nclean:\n█\n",
      answer: "    rm -f app\n",
      shown: "\trm -f app",
    },
    {
      file: "rules.mk",
      at: "%.o: %.c\n\t$(CC) -c $<\n█",
      answer: "        @echo done\n",
      shown: "\t@echo done",
    },
    {
      file: "Makefile",
      at: "all:\n\tgcc \\\n\t    -o app█\n",
      answer: " main.c \\\n\t    util.c",
      shown: " main.c \\",
    },
    {
      file: "Makefile",
      at: "all:\n\tgcc a.c\n\nifeq ($(DEBUG),1)\n█\nendif\n",
      answer: "    CFLAGS += -g\n",
      shown: "    CFLAGS += -g",
      invoked: true,
    },
    // Python: the block's own.
    {
      file: "mixed.py",
      at: `${SPACES_ELSEWHERE}def c(x):\n\tif x:█\n`,
      answer: "\n\t\treturn 3\n",
      shown: "\n\t\treturn 3",
    },
    {
      file: "mixed.py",
      at: `${SPACES_ELSEWHERE}def c(x):\n\tif x:█\n`,
      answer: "\n        return 3\n",
      shown: "\n\t\treturn 3",
    },
    {
      file: "mixed.py",
      at: "def a():\n\treturn 1\n\n\ndef b():\n\treturn 2\n\n\ndef c(x):\n    if x:█\n",
      answer: "\n        return 3\n",
      shown: "\n        return 3",
    },
    {
      file: "narrow.py",
      at: "def a(x):\n  if x:\n    return 1\n\n\ndef b(x):\n  for y in x:█\n",
      answer: "\n\t\tprint(y)\n",
      shown: "\n    print(y)",
    },
    // YAML has no tabs.
    {
      file: "ci.yml",
      at: "jobs:\n  build:\n    steps:█\n",
      answer: "\n\t\t\t- run: npm test\n",
      shown: "\n      - run: npm test",
      invoked: true,
    },
    {
      file: "push.yml",
      at: "on:\n  push:\n    branches:█\n",
      answer: "\n\t- main\n",
      shown: "\n      - main",
      invoked: true,
    },
    { file: "run.yml", at: "run: |\n  make\n  █\n", answer: "\ttest\n", shown: "\ttest" },
    { file: "a.yaml", at: "a:\n█\n", answer: "\tb: 1\n", shown: "  b: 1" },
    // Strings are the author's.
    {
      file: "template.ts",
      at: "function usage() {\n  return █\n}\n",
      answer: "`Usage:\n\tforetype FILE\n\t\t--json`;",
      shown: "`Usage:\n\tforetype FILE\n\t\t--json`;",
      invoked: true,
    },
    {
      file: "template.ts",
      at: "function usage() {\n\treturn █\n}\n",
      answer: "`Usage:\n    foretype FILE\n        --json`;",
      shown: "`Usage:\n    foretype FILE\n        --json`;",
      invoked: true,
    },
    {
      file: "usage.py",
      at: "def usage():\n    text = █\n",
      answer: '"""Usage:\n\tfoo FILE\n\t"""\n    return text',
      shown: '"""Usage:\n\tfoo FILE\n\t"""\n    return text',
      invoked: true,
      settings: { multiline: "always" },
    },
    {
      file: "run.sh",
      at: "main() {\n    if true; then█\n    fi\n}\n",
      answer: "\n        cat <<-EOF\n\t\tA tab\n\t\tEOF\n",
      shown: "\n        cat <<-EOF\n\t\tA tab\n\t\tEOF",
      settings: { multiline: "always" },
      invoked: true,
    },
    {
      file: "a.kt",
      at: "fun f() {\n    val s =█\n}\n",
      answer: ' """\n\tx\n    """\n',
      shown: ' """\n\tx\n    """',
      settings: { multiline: "always" },
      invoked: true,
    },
    // Go, C, TypeScript.
    {
      file: "main.go",
      at: "package main\n\nfunc f(a bool) {\n\tif a {█\n\t}\n}\n",
      answer: "\n        b()\n",
      shown: "\n\t\tb()",
    },
    { file: "empty.go", at: "package main\n\nfunc main() {█\n}\n", answer: "\n\tf()\n", shown: "\n\tf()" },
    { file: "a.ts", at: "if (a) {█\n}\n", answer: "\n \tb();\n", shown: "\n    b();" },
    {
      file: "a.ts",
      at: "function f() {\n\ta();\n}\n\nif (a) {█\n}\n",
      answer: "\n \tb();\n",
      shown: "\n\tb();",
    },
    {
      file: "align.c",
      at: "int f(void)\n{\n\tint a = 0;\n\n\treturn sum(a,█\n}\n",
      answer: "\n\t           b);",
      shown: "\n\t           b);",
      settings: { multiline: "always" },
      invoked: true,
    },
    {
      file: "align.c",
      at: "int f(void)\n{\n\treturn 0;\n}\n\nint g(int a,\n      int b) {█\n}\n",
      answer: "\n\treturn a;",
      shown: "\n\treturn a;",
    },
    {
      file: "doc.ts",
      at: "class A {\n\tb() {}\n\n\t/**█\n\tc() {}\n}\n",
      answer: "\n\t * Returns c.\n\t */",
      shown: "\n\t * Returns c.\n\t */",
      settings: { multiline: "always" },
      invoked: true,
    },
    // Nothing around: the editor's option, or the language's own.
    { file: "new.ts", at: "if (a) {█\n}\n", answer: "\n\tb();\n", shown: "\n    b();" },
    // Eight spaces of four a level, and a body that no bracket opens.
    {
      file: "a.c",
      at: "int f(void)\n{\n\tint a;\n\n\t█\n}\n",
      answer: "if (a)\n        return 1;\n    return 0;",
      shown: "if (a)\n\t\treturn 1;\n\treturn 0;",
    },
    {
      file: "a.rb",
      at: "class A\n  def f\n    █\n  end\nend\n",
      answer: "if a\n\t\tb\n\tend",
      shown: "if a\n      b\n    end",
    },
    // Four spaces behind tabs, where a block opens, are a level.
    {
      file: "a.ts",
      at: "class A {\n\tf() {\n\t\t█\n\t}\n}\n",
      answer: "if (b) {\n\t\t    c();\n\t\t}",
      shown: "if (b) {\n\t\t\tc();\n\t\t}",
    },
    {
      file: "a.py",
      at: "class A:\n\tdef f(self):\n\t\t█\n",
      answer: "if b:\n\t\t  c()\n",
      shown: "if b:\n\t\t\tc()",
    },
    // The cursor's own white space tells a level where no line does.
    {
      file: "a.tf",
      at: 'resource "a" "b" {\n  █\n}\n',
      answer: 'tags = {\n\t\tName = "c"\n\t}',
      shown: 'tags = {\n    Name = "c"\n  }',
    },
    // As deep as the cursor's line is what its author has aligned.
    {
      file: "a.js",
      at: "function f() {\n\tlet a = b ? 1 :\n\t          █\n}\n",
      answer: "c ? 2 :\n\t          3;",
      shown: "c ? 2 :\n\t          3;",
      settings: { multiline: "always" },
      invoked: true,
    },
    // Lines of a string are as deep as they like, and end no block.
    {
      file: "a.ts",
      at: "function f() {\n  if (a) {\n    █\n  }\n}\n",
      answer: "const q = `\n  SELECT *\n`;\n    run(q);\n  }\n",
      shown: "const q = `\n  SELECT *\n`;\n    run(q);",
    },
    {
      file: "a.sh",
      at: "f() {\n  █\n}\n",
      answer: "cat <<EOF\nhello\nEOF\n  echo b\n}\n",
      shown: "cat <<EOF\nhello\nEOF\n  echo b",
    },
    {
      file: "a.py",
      at: "class A:\n    def f(self):\n        █\n\n    def g(self):\n        pass\n",
      answer: 'x = """\nselect a\n"""\n        return x\n\n    def h(self):\n',
      shown: 'x = """\nselect a\n"""\n        return x',
    },
    // Labels as deep as their switch.
    {
      file: "a.go",
      at: "package a\n\nfunc f(x int) int {\n\tswitch x {\n\t█\n\t}\n}\n",
      answer: "case 1:\n\t\treturn 1\n\t}\n",
      shown: "case 1:\n\t\treturn 1",
    },
    // The columns of tabs and of a model's two spaces do not compare: its own bracket is closed.
    {
      file: "a.dart",
      languageId: "dart",
      at: "void f() {\n\t█\n}\n",
      answer: "if (a) {\n    b();\n  }",
      shown: "if (a) {\n\t\tb();\n\t}",
    },
    {
      file: "a.ts",
      at: "\tconst a = {\n\t\tb: 1,\n\t\t█\n\t};\n",
      answer: "c: {\n      d: 2,\n    },",
      shown: "c: {\n\t\t\td: 2,\n\t\t},",
    },
    // Only lines of code tell how many spaces a level has.
    {
      file: "a.py",
      at: "class A:\n\tdef f(self):\n\t\t█\n",
      answer: 'x = """\n    four\n"""\n        return x',
      shown: 'x = """\n    four\n"""\n\t\treturn x',
    },
    {
      file: "a.html",
      at: "<div>\n\t█\n</div>\n",
      answer: "<ul>\n        <li>a</li>\n    </ul>",
      shown: "<ul>\n\t\t<li>a</li>\n\t</ul>",
      invoked: true,
    },
  ],
} satisfies CaseKind;
