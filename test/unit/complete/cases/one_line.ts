import type { CaseKind } from "./cases.ts";

export default {
  claim: "the rest of a line is completed as the model wrote it",
  cases: [
    { file: "src/sum.ts", at: "const total = █\n", answer: "price + tax;\n", shown: "price + tax;" },
    { file: "sum.py", at: "total = █\n", answer: "price + tax\nprint(total)", shown: "price + tax" },
    { file: "a.ts", at: "const total = pr█\n", answer: "ice + tax;", shown: "ice + tax;", selected: "price" },
    {
      file: "a.ts",
      at: "const total = pr█\n",
      answer: "ice + tax;",
      shown: null,
      silence: "intellisense",
      selected: "process",
    },
    {
      file: "a.ts",
      at: "const total = █;\n",
      answer: "price + tax;",
      shown: "price + tax",
      document: "const total = price + tax;\n",
    },
    {
      file: "a.ts",
      at: "const total = █\n",
      answer: "1;",
      shown: null,
      silence: "disabled",
      settings: { enabled: false },
    },
  ],
} satisfies CaseKind;
