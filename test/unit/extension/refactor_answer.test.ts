import { describe, expect, test } from "vitest";
import { type Answer, judgeAnswer, shownOf } from "../../../extension/refactor/judge_answer.ts";
import { type Selected, selectedIn } from "../../../extension/refactor/selected.ts";

/** A file with `[` and `]` around the selection → what is selected in it. */
function selectedOf(marked: string, languageId = "typescript"): Selected {
  const start = marked.indexOf("⟦");
  const end = marked.indexOf("⟧") - 1;
  return selectedIn(marked.replace(/[⟦⟧]/g, ""), { start, end }, languageId);
}

const whole = (text: string, languageId?: string) => selectedOf(`⟦${text}⟧`, languageId);
const ADD = "function add(a, b) {\n  return a + b;\n}";
const BETTER = "function add(a: number, b: number) {\n  return a + b;\n}";
const judge = (text: string, selected = whole(ADD), end: Answer["end"] = "end") =>
  judgeAnswer({ text, end }, selected);
const fence = (code: string, info = "ts") => `\`\`\`${info}\n${code}\n\`\`\``;

describe("certain: one fenced block, closed, of an answer that ended by itself", () => {
  const cases: [name: string, answer: string, code: string, selected?: Selected][] = [
    ["alone", fence(BETTER), BETTER],
    ["between words", `Sure:\n${fence(BETTER)}\nI added types. Is there more?`, BETTER],
    ["of tildes", `~~~ts\n${BETTER}\n~~~`, BETTER],
    ["of many ticks", `\`\`\`\`\`\`ts\n${BETTER}\n\`\`\`\`\`\``, BETTER],
    ["closed by a longer fence", `\`\`\`ts\n${BETTER}\n\`\`\`\`\``, BETTER],
    ["with attributes", fence(BETTER, ' ts title="a.ts" {1,3}'), BETTER],
    ["without a language", fence(BETTER, ""), BETTER],
    ["indented, as in a list", `1. Types:\n\n   ${fence(BETTER).replaceAll("\n", "\n   ")}\n`, BETTER],
    [
      "with a hidden character that the selection has",
      fence(`\ufeff${BETTER}`),
      `\ufeff${BETTER}`,
      whole(`\ufeff${ADD}`),
    ],
    ["with joiners that a script needs", fence("f('می‌خواهم');"), "f('می‌خواهم');", whole("f('');")],
    ["with CRLF", `${fence(BETTER)}\n`.replaceAll("\n", "\r\n"), BETTER],
    ["after thoughts", `<think>\n${fence("no")}\n</think>\n\n${fence(BETTER)}`, BETTER],
    ["after thoughts that the template opened", `Hm:\n${fence("no")}\n</think>\n${fence(BETTER)}`, BETTER],
    [
      "with fences of fewer ticks inside",
      "````md\n# A\n```js\na;\n```\n````\nDone.",
      "# A\n```js\na;\n```",
      whole("# B\n```js\nb;\n```", "markdown"),
    ],
    ["with fences of another kind inside", "~~~md\n```\nb\n```\n~~~", "```\nb\n```", whole("a", "markdown")],
    ["a shell's, for a shell script", fence("echo b", "bash"), "echo b", whole("echo a", "shellscript")],
    ["a diff, for a diff", fence("-a\n+c", "diff"), "-a\n+c", whole("-a\n+b", "diff")],
    ["a word that shares none with the selection", fence("b;"), "b;", whole("a;")],
    [
      "a selected sentence",
      fence("Another text of words here.", "md"),
      "Another text of words here.",
      whole("A text.", "markdown"),
    ],
    [
      "YAML's bare text",
      fence("a: This is what it does now.", "yaml"),
      "a: This is what it does now.",
      whole("a: b", "yaml"),
    ],
    ["a list in Markdown", fence("- b\n- c", "md"), "- b\n- c", whole("- a\n- b", "markdown")],
    [
      "a part of a comment",
      fence("Adds these two numbers at once.", ""),
      "Adds these two numbers at once.",
      selectedOf("/** ⟦It adds these two numbers.⟧ */"),
    ],
    [
      "Python's own dots",
      fence("class A(Protocol):\n    def f(self) -> int:\n        ...", "py"),
      "class A(Protocol):\n    def f(self) -> int:\n        ...",
      whole("class A:\n    def f(self): pass", "python"),
    ],
    [
      "spread and rest",
      fence("f(...rest, { ...other });"),
      "f(...rest, { ...other });",
      whole("f(rest, other);"),
    ],
    ["a half of a block, for a half", fence("if (b) {\n"), "if (b) {", selectedOf("⟦if (a) {⟧\n  c();\n}\n")],
    ["brackets in a string", fence('log("{ :)");'), 'log("{ :)");', whole("log(1);")],
    [
      "a comment about the rest",
      fence("skip(); // Skip the rest of the line."),
      "skip(); // Skip the rest of the line.",
      whole("skip();"),
    ],
    [
      "an include of existing files",
      fence("#include <existing/file.h>", "c"),
      "#include <existing/file.h>",
      whole("#include <a.h>", "c"),
    ],
    [
      "dots that the selection has too",
      fence("// ... more to come\nb();"),
      "// ... more to come\nb();",
      whole("// ... more to come\na();"),
    ],
    [
      "a long comment that says what is kept",
      fence("// The rest of the function depends on the order of these two calls.\na();"),
      "// The rest of the function depends on the order of these two calls.\na();",
      whole("a();"),
    ],
  ];
  for (const [name, answer, code, selected] of cases)
    test(name, () => expect(judge(answer, selected)).toEqual({ certain: true, code }));
});

describe("certain: bare code that reads like the selection", () => {
  const cases: [answer: string, text: string, languageId?: string][] = [
    [BETTER, ADD],
    [`${BETTER}\n`, ADD],
    ["const total = price * count;", "const t = price * count;"],
    ["// Adds the two numbers and returns the sum of them.\nreturn a + b;", "return b + a;"],
    ['throw new Error("This is not a number, so please pass one.");', "throw error;"],
    [
      "def total(prices):\n    return sum(price for price in prices if price is not None)",
      "def total(prices):\n    return sum(prices)",
      "python",
    ],
    [
      'def f(a):\n    """Returns twice the number that it is given."""\n    return 2 * a',
      "def f(a):\n    return a + a",
      "python",
    ],
    ["pub fn twice(a: u32) -> u32 {\n    a * 2\n}", "fn twice(a: u32) -> u32 {\n    a + a\n}", "rust"],
    ["public static final int COUNT = 3;", "int COUNT = 3;", "java"],
  ];
  for (const [answer, text, languageId] of cases)
    test(answer.split("\n", 1)[0]!, () => {
      const code = answer.trimEnd();
      expect(judge(answer, whole(text, languageId))).toEqual({ certain: true, code });
    });
});

describe("not certain", () => {
  const cases: [name: string, answer: string, problem: RegExp, selected?: Selected][] = [
    ["no answer", " \n", /gave no answer/],
    ["a refusal", "I am sorry, but I cannot see what to change here.", /no code block/],
    ["a refusal in French", "Je suis désolé, je ne vois pas quoi changer ici.", /no code block/],
    ["a refusal in Chinese", "抱歉，我看不出这里需要修改什么。", /no code block/],
    ["a refusal in Russian", "Код уже хороший.", /no code block/],
    ["a short refusal", "No changes needed.", /no code block/],
    ["one word", "Done.", /no code block/],
    [
      "a refusal that cites code",
      "The function `add` returns a + b, which is fine as it is.",
      /no code block/,
    ],
    [
      "a refusal that cites code, cut into lines",
      "The function `add` returns a + b\nwhich is fine as it is",
      /no code block/,
    ],
    ["a refusal with a call", "You could call add(a, b) here instead of this.", /no code block/],
    ["a refusal with contractions", "Here's the thing: I can't see what's wrong with 'add'", /no code block/],
    ["a refusal with a word in quotes", "It's called 'add' already", /no code block/],
    ["a refusal in German", "Ich sehe nicht, was hier zu ändern wäre", /no code block/],
    ["a refusal in Spanish, with code", "Lo siento, pero add(a, b) no necesita cambios", /no code block/],
    ["a list of advice", "1. Use add(a, b)\n2. Return the sum of both numbers", /no code block/],
    ["words before bare code", `Sure:\n${BETTER}`, /no code block/],
    ["words after bare code", `${BETTER}\n\nI added the types that were missing.`, /no code block/],
    ["bare code that lacks its end", BETTER.slice(0, -2), /no code block/],
    ["code within a line of words", "Use ```add(a, b)``` instead.", /no code block/],
    ["bare Markdown", "# Another title", /no code block/, whole("# A title", "markdown")],
    ["a refusal in a fence", fence("I am sorry, but I cannot see what to change here."), /in words/],
    ["a short refusal in a fence", fence("No changes needed."), /in words/],
    ["a refusal in a fence, in Japanese", fence("変更する必要はありません。"), /in words/],
    ["Before and After", `Before:\n${fence(ADD)}\nAfter:\n${fence(BETTER)}`, /2 code blocks/],
    ["two alternatives", `${fence(BETTER)}\nor\n${fence(ADD)}`, /2 code blocks/],
    ["a command, then code", `${fence("npm i x", "sh")}\n${fence(BETTER)}`, /2 code blocks/],
    ["blocks of both kinds", `~~~\n${ADD}\n~~~\n${fence(BETTER)}`, /2 code blocks/],
    ["a block without an end", `\`\`\`ts\n${BETTER}`, /has no end/],
    ["a block that a shorter fence does not close", `\`\`\`\`ts\n${BETTER}\n\`\`\``, /has no end/],
    ["a block that another mark does not close", `\`\`\`ts\n${BETTER}\n~~~`, /has no end/],
    [
      "nested fences of one length",
      "```md\n# A\n```js\na;\n```\nMore.",
      /another one inside/,
      whole("# A", "markdown"),
    ],
    ["an empty block", "```ts\n```", /is empty/],
    ["a block of blank lines", "```ts\n\n  \n```", /is empty/],
    ["thoughts without an end", `<think>\n${fence(BETTER)}`, /gave no answer/],
    ["a mark that turns the order of reading", fence(BETTER.replace("a +", "a \u202e+")), /U\+202E/],
    ["a space without width in a name", fence(BETTER.replace("add", "a\u200bdd")), /U\+200B/],
    ["a control character", fence(BETTER.replace("return", "\x1b[2Jreturn")), /U\+001B/],
    ["tags", fence(BETTER.replace("a;", "a;\u{e0041}").replace("b;", "b;\u{e0041}")), /U\+E0041/],
    ["a diff by its fence", fence("-  return a + b;\n+  return b + a;", "diff"), /list of changes/],
    [
      "a diff by its hunk",
      fence("@@ -1,3 +1,3 @@\n function add(a, b) {\n-  return a + b;\n+  return b;"),
      /list of changes/,
    ],
    [
      "a diff by its lines",
      fence(" function add(a, b) {\n-  return a + b;\n+  return b + a;\n }"),
      /list of changes/,
    ],
    [
      "search and replace",
      fence("<<<<<<< SEARCH\n  return a + b;\n=======\n  return b + a;\n>>>>>>> REPLACE"),
      /list of changes/,
    ],
    ["a command", fence("npm run add", "bash"), /commands \(bash\)/],
    [
      "dots for existing code",
      fence("function add(a, b) {\n  // ... existing code ...\n}"),
      /leaves out .*existing code/,
    ],
    ["dots for the body", fence("function add(a, b) { ... }"), /leaves out/],
    ["dots in a comment for the body", fence("function add(a, b) { /* ... */ }"), /leaves out/],
    ["dots alone", fence("function add(a, b) {\n  ...\n}"), /leaves out/],
    ["one character of dots", fence("function add(a, b) {\n  // …\n}"), /leaves out/],
    [
      "the rest, in words",
      fence("function add(a, b) {\n  // rest of the function unchanged\n}"),
      /leaves out/,
    ],
    ["the same, in words", fence("function add(a, b) {\n  // (same as before)\n}"), /leaves out|as it is/],
    ["dots in German", fence("function add(a, b) {\n  // ... Rest unverändert ...\n}"), /leaves out/],
    [
      "dots in Python",
      fence("def add(a, b):\n    # ... (remaining code)", "py"),
      /leaves out/,
      whole("def add(a, b):\n    return a", "python"),
    ],
    [
      "dots in the middle of Python",
      fence("def add(a, b):\n    a = 1\n    ...\n    return a", "py"),
      /leaves out/,
      whole("def add(a, b):\n    return a", "python"),
    ],
    [
      "dots in markup",
      fence("<ul>\n  <!-- ... -->\n</ul>", "html"),
      /leaves out/,
      whole("<ul><li>a</li></ul>", "html"),
    ],
    [
      "dots in JSX",
      fence("<ul>\n  {/* existing items ... */}\n</ul>", "tsx"),
      /leaves out/,
      whole("<ul><li>a</li></ul>", "typescriptreact"),
    ],
    [
      "dots in SQL",
      fence("SELECT a\n-- ... rest of the query", "sql"),
      /leaves out/,
      whole("SELECT a, b FROM c", "sql"),
    ],
    ["the code as it was", fence(ADD), /as it is/],
    [
      "the whole file",
      fence(`import { x } from "x";\n\n${BETTER}\n\nexport default add;`),
      /repeats code/,
      selectedOf(`import { x } from "x";\n\n⟦${ADD}⟧\n\nexport default add;\n`),
    ],
    [
      "the function around it",
      fence("function a() {\n  return String(1);\n}"),
      /repeats code/,
      selectedOf("function a() {\n  ⟦return 1;⟧\n}\n"),
    ],
    ["the line below too", fence("a();\nlog(result);"), /repeats code/, selectedOf("⟦b();⟧\nlog(result);\n")],
    [
      "the whole line of a part",
      fence("const total = sum(a, b);"),
      /repeats code/,
      selectedOf("const total = ⟦a + b⟧;"),
    ],
    ["the rest of the line", fence("sum(a, b) * rate"), /repeats code/, selectedOf("t = ⟦a + b⟧ * rate")],
    [
      "a short head of what is around it",
      fence("def f():\n    return load(key)", "py"),
      /repeats code/,
      selectedOf("def f():\n    ⟦return read(key)⟧\n", "python"),
    ],
    [
      "code without its last bracket",
      fence("function add(a, b) {\n  return b + a;"),
      /“{” too many or too few/,
    ],
    [
      "code that closes what is around it",
      fence("return 1;\n}"),
      /“{” too many or too few/,
      selectedOf("function g() {\n  ⟦return 2;⟧\n}\n"),
    ],
    [
      "code between two ticks",
      "`return load(key)`",
      /no code block/,
      selectedOf("def f():\n    ⟦return read(key)⟧\n", "python"),
    ],
  ];
  for (const [name, answer, problem, selected] of cases)
    test(name, () => {
      const verdict = judge(answer, selected);
      expect(verdict.certain ? verdict.code : verdict.problem).toMatch(problem);
      if (!verdict.certain) expect(verdict.advice).toMatch(/retry/);
    });
});

describe("an answer that did not end by itself is shown, and never certain", () => {
  const answers: [end: Answer["end"], problem: RegExp][] = [
    ["max-tokens", /cut off at its longest permitted length/],
    ["context-full", /context is full/],
    ["cancelled", /was stopped before/],
    ["preempted", /Another request interrupted/],
    ["failed", /failed before/],
  ];
  for (const [end, problem] of answers)
    test(end, () => {
      for (const text of [fence(BETTER), `\`\`\`ts\n${BETTER}`, BETTER]) {
        const verdict = judge(text, whole(ADD), end);
        expect(verdict).toMatchObject({ certain: false, shown: BETTER });
        expect(verdict).toHaveProperty("problem", expect.stringMatching(problem));
      }
    });
});

test("all of an answer with several blocks is shown, and of any other what stands for the selection", () => {
  const two = `Before:\n${fence(ADD)}\nAfter:\n${fence(BETTER)}`;
  expect(judge(two)).toMatchObject({ certain: false, shown: two });
  expect(judge("I am sorry.")).toMatchObject({ certain: false, shown: "I am sorry." });
  expect(judge("```ts\n```")).toMatchObject({ certain: false, shown: "" });
});

test("elements of the code that are named as thoughts are stay in a bare answer", () => {
  const prompt = "<thinking>\nplan\n</thinking>\n<answer>plan</answer>\n";
  const answer = prompt.replace("<answer>", '<answer kind="long">');
  expect(shownOf(answer, whole(prompt, "xml"))).toBe(answer);
  expect(judge(answer, whole(prompt, "xml"))).not.toMatchObject({
    code: expect.not.stringContaining("<thinking>"),
  });
});

test("while it is written an answer is shown as it comes, without its thoughts", () => {
  const selected = whole(ADD);
  expect(shownOf("<think>\nI would", selected)).toBe("");
  expect(shownOf("Sure:\n```ts\nfunction add(", selected)).toBe("function add(");
  expect(shownOf("function add(a", selected)).toBe("function add(a");
});

describe("what replaces the selection", () => {
  const cases: [name: string, marked: string, code: string, result: string][] = [
    ["has the document's line ends", "⟦a;⟧\r\nz;\r\n", "b;\nc;", "b;\r\nc;\r\nz;\r\n"],
    ["ends with a line break where the selection does", "⟦a;\n⟧z;\n", "b;", "b;\nz;\n"],
    ["ends with the selection's blank lines", "⟦a;\n\n\n⟧z;\n", "b;\n", "b;\n\n\nz;\n"],
    ["begins with the selection's line break", "x {⟦\n  a;⟧\n}", "b;\nc;", "x {\n  b;\n  c;\n}"],
    ["ends without one where the selection does", "⟦a;⟧", "b;\n\n", "b;"],
    ["keeps the indentation that is before it", "f {\n  ⟦a;⟧\n}", "b;\nc;", "f {\n  b;\n  c;\n}"],
    ["has the indentation that is selected", "f {\n⟦  a;⟧\n}", "b;\nc;", "f {\n  b;\n  c;\n}"],
    ["has no second semicolon", "let x = ⟦a + b⟧;", "sum(a, b);", "let x = sum(a, b);"],
    ["has no second comma", "[\n  ⟦a⟧,\n  b,\n]", "f(a),", "[\n  f(a),\n  b,\n]"],
    ["keeps a semicolon of its own", "⟦a;⟧", "b;", "b;"],
  ];
  for (const [name, marked, code, result] of cases)
    test(name, () => {
      const verdict = judge(fence(code), selectedOf(marked));
      const put = verdict.certain ? verdict.code : verdict.problem;
      expect(marked.replace(/⟦[\s\S]*⟧/, () => put)).toBe(result);
    });
});
