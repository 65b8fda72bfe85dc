import type { CaseKind } from "./cases.ts";

/** Off by default. */
const WORDS = { settings: { languages: { "*": true } } };

const inside = (at: string) => ({
  ...WORDS,
  file: "a.md",
  at,
  answer: " x",
  shown: null,
  silence: "inside-character",
});

export default {
  claim: "nothing is inserted inside a character",
  cases: [
    inside("e█\u0301\n"),
    inside("👩█\u200d💻\n"),
    inside("👩\u200d█💻\n"),
    inside("\ud83d█\ude00\n"),
    inside("🇩█🇪\n"),
    inside("👍█🏽\n"),
    inside("❤█\ufe0f\n"),
    inside("가█\u11a8\n"),
    inside("a\r█\nb\n"),
    { ...inside("x = 'e█\u0301'\n"), file: "a.py", invoked: true },
    { ...inside("👨\u200d👩\u200d█👧\n"), invoked: true },
    { ...WORDS, file: "a.md", at: "🇩🇪█\n", answer: " and", shown: " and" },
    { ...WORDS, file: "a.md", at: "e\u0301█\n", answer: "t", shown: "t" },
    {
      ...WORDS,
      file: "a.md",
      at: "e█\n",
      answer: "\u0301t",
      shown: null,
      silence: "filtered:inside-character",
    },
    { ...WORDS, file: "a.md", at: "👍█\n", answer: "🏽", shown: null },
    { ...WORDS, file: "a.md", at: "ภาษ█\n", answer: "าไทย", shown: "าไทย" },
    { ...WORDS, file: "a.md", at: "हिन█\n", answer: "्दी", shown: "्दी" },
    { ...WORDS, file: "a.md", at: "x█\n", answer: "👩\u200d", shown: "👩" },
    { ...WORDS, file: "a.md", at: "नि█\n", answer: "ि a", shown: null, silence: "filtered:inside-character" },
    { ...WORDS, file: "a.md", at: "हि█\n", answer: "ंदी", shown: "ंदी" },
  ],
} satisfies CaseKind;
