import type { CaseKind } from "./cases.ts";

const code = (answer: string, shown: string | null) => ({
  file: "a.ts",
  at: "const total = █\n",
  answer,
  shown,
});

export default {
  claim: "characters that do not show are taken out, and a text ends where it is no text any more",
  cases: [
    code("price\u200b + tax;", "price + tax;"),
    code("pri\ufeffce;", "price;"),
    code("\ufeffprice;", "price;"),
    code("price\u2060;", "price;"),
    code("pri\u00adce;", "price;"),
    code("price\u061c;", "price;"),
    code("price\u200e + \u200ftax;", "price + tax;"),
    code("price\u{e0041}\u{e0042};", "price;"),
    code("a\u200db;", "ab;"),
    code("a\u200cb;", "ab;"),
    code("a\ufe0f\ufe01b;", "ab;"),
    code("\u3164price;", "price;"),
    code("\ufff9price\ufffb;", "price;"),
    code("\u180eprice;", "price;"),
    code("pri\u034fce;", "price;"),
    code("\u17b4price;", "price;"),
    code("price\u2800;", "price;"),
    // Spaces of another width, which code may not have.
    code("price\u00a0+\u3000tax;", "price + tax;"),
    { file: "a.py", at: "def f():\n    █\n", answer: "return\u00a01", shown: "return 1" },
    code("'un\u00a0prix';", "'un\u00a0prix';"),
    { file: "a.py", at: "x = 1  # █\n", answer: "le prix\u00a0: 1", shown: "le prix\u00a0: 1" },
    // The end of what can be trusted.
    code("price;\u2028evil();", "price;"),
    code("price\u2029", "price"),
    code("price\u202e;", "price"),
    code("price\u2066;", "price"),
    code("price\u0000\u0001", "price"),
    code("price\ud83d", "price"),
    code("price\ude00;", "price"),
    code("price\uffff;", "price"),
    code("price\ue000;", "price"),
    code("\u200b", null),
    // What scripts and emoji need.
    code("'👩\u200d💻 ❤\ufe0f 1\ufe0f\u20e3';", "'👩\u200d💻 ❤\ufe0f 1\ufe0f\u20e3';"),
    code(
      "'🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}';",
      "'🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}';",
    ),
    code("'می\u200cخواهم';", "'می\u200cخواهم';"),
    code("'क्\u200dष';", "'क्\u200dष';"),
    code("'葛\u{e0100}城';", "'葛\u{e0100}城';"),
    code("'e\u0301té, 日本語';", "'e\u0301té, 日本語';"),
    // What the file has too.
    {
      file: "a.ts",
      at: "const a = 'x\u200by';\nconst b = █\n",
      answer: "'y\u200bz';",
      shown: "'y\u200bz';",
    },
    { file: "a.ts", at: "const a = 'x\u200by';\nconst b = █\n", answer: "y\u200bz;", shown: "yz;" },
    { file: "a.sh", at: "A='\ue0b0'\nB=█\n", answer: "'\ue0b0 '", shown: "'\ue0b0 '" },
    // A statement is not left in two.
    code("read('pri\ud83dce', tax);", "read('price', tax);"),
    code("read(`pri\ufffdce`, tax);", "read(`price`, tax);"),
    code("read(pri\ue000ce, tax);", "read(price, tax);"),
    code("read(pri\u202ece, tax);", null),
    code("read('a\u2028b');", null),
    {
      file: "a.ts",
      at: "function f() {\n  █\n}\n",
      answer: "first();\n  second('a\u2066b');",
      shown: "first();",
    },
    {
      file: "a.rs",
      at: "impl A {\n    █\n}\n",
      answer: "fn part<'b>(&'b \u202eself) -> usize { 1 }",
      shown: null,
    },
    {
      file: "a.php",
      at: "<?php\nfunction f() {\n    █\n}\n",
      answer: "throw new Error(sprintf('Y\ud83dou', $a));",
      shown: "throw new Error(sprintf('You', $a));",
    },
    { file: "a.ts", at: "const a = 1; █\n", answer: "// to the \ud83dend", shown: "// to the" },
    {
      file: "a.rb",
      at: "class A\n  █\nend\n",
      answer: "\ufe0fdef total(items)\n    items.sum\n  end",
      shown: "def total(items)\n    items.sum\n  end",
    },
    {
      file: "a.js",
      at: "function f() {\n  █\n}\n",
      answer: "first(\n    a,\n\u200b  );\n  second();",
      shown: "first(\n    a,\n  );\n  second();",
    },
    {
      file: "a.rb",
      at: "def f\n  █\nend\n",
      answer: "if a\n    @mime_part\ud83ds.each(&:close)\n  end",
      shown: "if a\n    @mime_parts.each(&:close)\n  end",
    },
  ],
} satisfies CaseKind;
