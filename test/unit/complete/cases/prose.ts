import type { CaseKind, GoldenCase } from "./cases.ts";

/** Off by default. */
const WORDS = { settings: { languages: { "*": true } } };

const POSTED = "It seems like you've posted a part of a file. Could you tell me what you need?";
const HERE = "Here is the list of items";

const code = (file: string, at: string, answer: string): GoldenCase => ({ file, at, answer, shown: answer });

export default {
  claim: "sentences are dropped where code is written, and kept where words are",
  cases: [
    { file: "a.ts", at: "function f() {\n  █\n}\n", answer: POSTED, shown: null, silence: "filtered:prose" },
    { file: "a.ts", at: "const a = █\n", answer: POSTED, shown: null },
    { file: "a.py", at: "def f():\n    █\n", answer: POSTED, shown: null, silence: "filtered:prose" },
    { file: "a.py", at: "def f():\n    █\n", answer: "I'm sorry, but I can't help with that.", shown: null },
    { file: "a.go", at: "func f() {\n\t█\n}\n", answer: "The code above sorts the list.", shown: null },
    { file: "a.rs", at: "fn f() {\n    █\n}\n", answer: "Sure! This function returns the sum.", shown: null },
    {
      file: "A.java",
      at: "class A {\n    █\n}\n",
      answer: "Okay, the user wants me to complete the class.",
      shown: null,
    },
    {
      file: "a.cpp",
      at: "int f() {\n  █\n}\n",
      answer: "Um die Liste zu sortieren, verwenden Sie diese Funktion.",
      shown: null,
    },
    { file: "a.ts", at: "function f() {\n  █\n}\n", answer: "这个函数返回列表的总和。", shown: null },
    {
      file: "a.ts",
      at: "function f() {\n  █\n}\n",
      answer: "Voici le code que vous avez demandé :",
      shown: null,
    },
    { file: "a.rb", at: "def f\n  █\nend\n", answer: POSTED, shown: null },
    { file: "a.sh", at: "f() {\n  █\n}\n", answer: POSTED, shown: null },
    { file: "a.kt", at: "fun f() {\n    █\n}\n", answer: POSTED, shown: null },
    { file: "a.lua", at: "function f()\n  █\nend\n", answer: "Here is the updated function:", shown: null },
    { file: "data.json", at: "{\n  █\n}\n", answer: "Here is the JSON you asked for:", shown: null },
    {
      file: "a.ts",
      at: "function f() {\n  █\n}\n",
      answer: "return 1;\n\n  This function returns the number one.\n",
      shown: "return 1;",
    },
    {
      file: "a.ts",
      at: "function f() {\n  █\n}\n",
      answer: "```ts\n  return 1;\n```\nThis returns one.",
      shown: "return 1;",
    },
    // Where words are wanted.
    { file: "a.html", at: "<p>█</p>\n", answer: HERE, shown: HERE, invoked: true },
    {
      file: "a.html",
      at: "<ul>\n  <li>█</li>\n</ul>\n",
      answer: "You can find the list here.",
      shown: "You can find the list here.",
      invoked: true,
    },
    { file: "a.tsx", at: "const a = <p>█</p>;\n", answer: HERE, shown: HERE, invoked: true },
    { file: "a.vue", at: "<template>\n  <p>█</p>\n</template>\n", answer: HERE, shown: HERE, invoked: true },
    {
      file: "a.tex",
      at: "\\section{Items}\n█\n",
      answer: "Here is the list of items.",
      shown: "Here is the list of items.",
    },
    { ...WORDS, file: "a.md", at: "# Items\n\n█\n", answer: `${HERE}:`, shown: `${HERE}:` },
    {
      ...WORDS,
      file: "a.txt",
      at: "█\n",
      answer: "I am sorry, but you have to wait.",
      shown: "I am sorry, but you have to wait.",
    },
    { file: "a.rst", at: "Items\n=====\n\n█\n", answer: HERE, shown: HERE },
    {
      file: "COMMIT_EDITMSG",
      languageId: "git-commit",
      at: "█\n",
      answer: "Here is the list of items again",
      shown: "Here is the list of items again",
      settings: { languages: { "*": true, "git-commit": true } },
    },
    { file: "a.ts", at: "// █\n", answer: HERE, shown: HERE },
    {
      file: "a.ts",
      at: "/*\n * █\n */\n",
      answer: "Here is what you need to know.",
      shown: "Here is what you need to know.",
    },
    {
      file: "a.py",
      at: 'def f():\n    """█"""\n',
      answer: "Sure to return the sum of the items.",
      shown: "Sure to return the sum of the items.",
    },
    {
      file: "a.py",
      at: "message = '█'\n",
      answer: "I am sorry, but you cannot do that.",
      shown: "I am sorry, but you cannot do that.",
    },
    {
      file: "a.kt",
      at: 'val s = "█"\n',
      answer: "Here is what you asked for.",
      shown: "Here is what you asked for.",
    },
    { file: "a.yaml", at: "description: █\n", answer: HERE, shown: HERE },
    { file: "a.yaml", at: "text: |\n  █\n", answer: HERE, shown: HERE },
    {
      file: "q.sql",
      at: "█\n",
      answer: "Select the name from the users",
      shown: "Select the name from the users",
    },
    {
      file: "a.feature",
      languageId: "feature",
      at: "Scenario: login\n  █\n",
      answer: "Given I am on the login page, and you are not",
      shown: "Given I am on the login page, and you are not",
    },
    {
      ...WORDS,
      file: "a.md",
      at: "Run it:\n\n█\n",
      answer: "```sh\nnpm test\n```",
      shown: "```sh\nnpm test\n```",
      invoked: true,
    },
    {
      file: "a.py",
      at: "for item in items:\n    █\n",
      answer: "assert item is not None and not item in seen",
      shown: "assert item is not None and not item in seen",
    },
    {
      file: "A.java",
      at: "class A {\n    █\n}\n",
      answer: "public static final int size = 1;",
      shown: "public static final int size = 1;",
    },
    {
      file: "a.ts",
      at: "throw new Error(█);\n",
      answer: '"Could not read the file you have chosen"',
      shown: '"Could not read the file you have chosen"',
    },
    // Code that has words side by side.
    code(
      "a.cs",
      "class A {\n    public static Source Create(█)\n}\n",
      "LoopTiming timing, Token stopToken, out short id",
    ),
    code(
      "a.cs",
      "class A {\n    █\n}\n",
      "public static Source Create(LoopTiming timing, Token stopToken, out short id)",
    ),
    code("A.java", "class A {\n    void set(\n        █\n", "String name, Integer count, Object value"),
    code("a.cpp", "void draw(\n    █\n", "Canvas canvas, Shape shape, Color color"),
    code("a.go", "func draw(\n\t█\n", "canvas Canvas, shape Shape, color Color"),
    code("a.dart", "Widget build(\n    █\n", "BuildContext context, Widget child, String name"),
    code("a.kt", "enum class Color {\n    █\n}\n", "Red, Green, Blue"),
    code("a.swift", "func f(█)\n", "Item item, Order order, Total total"),
    code("a.c", "static int █\n", "read_all(File file, Buffer buffer, Size size)"),
    {
      file: "a.cs",
      at: "class A {\n    █\n}\n",
      answer: "Here is the TypeScript code, as you asked.",
      shown: null,
    },
    {
      file: "a.cs",
      at: "class A {\n    █\n}\n",
      answer: "Call Create(timing) to get the source of it.",
      shown: null,
    },
    { file: "a.kt", at: "class A {\n    █\n}\n", answer: "Great, here is the list.", shown: null },
    // Words between tags, whatever follows them; code in a script.
    {
      ...WORDS,
      file: "a.html",
      at: "<div>\n  █\n</div>\n",
      answer: 'To start, sign up at\n  <br />\n  <a href="https://a.example">our page</a>',
      shown: 'To start, sign up at\n  <br />\n  <a href="https://a.example">our page</a>',
      invoked: true,
    },
    {
      ...WORDS,
      file: "a.vue",
      at: "<script>\nlet a;\n</script>\n<template>\n  <p>\n    █\n  </p>\n</template>\n",
      answer: 'You can read it\n    <a href="b">here</a>.',
      shown: 'You can read it\n    <a href="b">here</a>.',
      invoked: true,
    },
    { ...WORDS, file: "a.html", at: "<script>\n  █\n</script>\n", answer: POSTED, shown: null },
    { ...WORDS, file: "a.php", at: "<?php\n\n█\n", answer: POSTED, shown: null },
    {
      ...WORDS,
      file: "a.php",
      at: "<?php $a = 1; ?>\n<p>\n  █\n</p>\n",
      answer: "Here is what you asked for.",
      shown: "Here is what you asked for.",
      invoked: true,
    },
    // A text of several lines in a language whose strings and comments are not known.
    {
      file: "a.xyz",
      languageId: "xyz",
      at: "<<<\nThis is the first of the lines,\n█\n",
      answer: "You can read the others below.",
      shown: "You can read the others below.",
    },
    { file: "a.lua", at: "-- Returns the sum of the items to you.\n█\n", answer: POSTED, shown: null },
    // Words side by side are commands, but no sentences.
    {
      file: "a.sh",
      at: "f() {\n  █\n}\n",
      answer: "Note: this assumes that the list is sorted.",
      shown: null,
    },
    { file: "a.rb", at: "def f\n  █\nend\n", answer: "This looks like a function of the list.", shown: null },
    { file: "a.rb", at: "def f\n  █\nend\n", answer: "以下是完整的代码：", shown: null },
    { file: "a.sh", at: "█\n", answer: "Xvfb screen and the rest", shown: "Xvfb screen and the rest" },
    { file: "a.css", at: "a {\n  █\n}\n", answer: "Note: this is what you have asked for.", shown: null },
    { file: "a.kt", at: "fun f() {\n    █\n}\n", answer: "¡Claro! Aquí está el código.", shown: null },
    // A docstring whose beginning is too far above.
    {
      file: "a.py",
      at: "    The object is made here, and what it has is set by a parent.\n    At that point, Update() should\n    █\n",
      answer: "be called on the root object, and then you have all that is in it.",
      shown: "be called on the root object, and then you have all that is in it.",
    },
  ],
} satisfies CaseKind;
