import type { CaseKind } from "./cases.ts";

/** Off by default. */
const WORDS = { settings: { languages: { "*": true } } };

const code = (answer: string, shown: string | null) => ({
  file: "a.ts",
  at: "const total = █\n",
  answer,
  shown,
});

const MENTIONS = "END = '<|im_end|>'\n\n\ndef f(s):\n    ";

export default {
  claim: "a control token that is spelled out ends the text, unless the author writes about it",
  cases: [
    code("price;<|endoftext|>", "price;"),
    code("price;<tool_call>", "price;"),
    code("price;</tool_call>", "price;"),
    code("price;</s>", "price;"),
    code("price;<|endof", "price;"),
    code("price;<|", "price;"),
    code("price;<|im_end|>\n<|im_start|>user", "price;"),
    code("price;<｜end▁of▁sentence｜>", "price;"),
    code("price;<end_of_turn>", "price;"),
    code("price;[/INST]", "price;"),
    code("price;<fim_pre", "price;"),
    code("price;</thi", "price;"),
    code("<tool_call>", null),
    code("<|fim_middle|>price", null),
    code("price;<|reserved_special_token_7|>", "price;"),
    // The file mentions it: that is no licence.
    { file: "a.py", at: `${MENTIONS}return █\n`, answer: "1<|im_end|>", shown: "1" },
    { file: "a.py", at: `${MENTIONS}return █\n`, answer: "1<|im_end|>\n<|im_start|>user", shown: "1" },
    { file: "a.py", at: `${MENTIONS}x = '█'\n`, answer: "abc<|im_end|>", shown: "abc<|im_end|>" },
    { file: "a.py", at: `${MENTIONS}return █\n`, answer: "s + '<|im_end|>'", shown: "s + '<|im_end|>'" },
    { file: "a.py", at: `${MENTIONS}# ends at █\n`, answer: "<|im_end|> only", shown: "<|im_end|> only" },
    {
      file: "a.py",
      at: "tokens = [█]\n",
      answer: "'<|im_start|>', '<|im_end|>'",
      shown: "'<|im_start|>', '<|im_end|>'",
    },
    { file: "a.py", at: "x = '█'\n", answer: "abc<|im_end|>", shown: "abc" },
    { file: "a.py", at: "START = '<|im_start|>'\nEND = '█'\n", answer: "<|im_end|>", shown: "<|im_end|>" },
    { file: "a.py", at: "START = '<|im_start|>'\nEND = '█'\n", answer: "abc<|im_end|>", shown: "abc" },
    // Names, types and tags that look like one.
    {
      file: "a.ts",
      at: "type EOT = string;\nconst a: Array█\n",
      answer: "<EOT> = [];",
      shown: "<EOT> = [];",
    },
    { file: "a.c", at: "#define PREFIX 1\nint x = names█;\n", answer: "[PREFIX]", shown: "[PREFIX]" },
    { file: "a.tsx", at: "return █;\n", answer: "<s>old</s>", shown: "<s>old</s>", invoked: true },
    { file: "a.html", at: "<p><s>old█</p>\n", answer: "</s> new", shown: "</s> new", invoked: true },
    { file: "a.py", at: "usage = '█'\n", answer: "cat <filename>", shown: "cat <filename>" },
    { file: "a.fs", at: "let f x =\n    print <█\n", answer: "| g x", shown: "| g x" },
    code("a < b;", "a < b;"),
    code("items[i] < limit;", "items[i] < limit;"),
    {
      ...WORDS,
      file: "a.md",
      at: "Models end with `<|im_end|>`.\n\nThe token █\n",
      answer: "`<|im_end|>` ends it.",
      shown: "`<|im_end|>` ends it.",
    },
  ],
} satisfies CaseKind;
