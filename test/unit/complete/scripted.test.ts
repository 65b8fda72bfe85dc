import { expect, test } from "vitest";
import { completeScripted } from "../../../engine/complete/index.ts";
import { seededRandom } from "../../reference/random.ts";
import { testSeed } from "../../reference/seed.ts";

const answers: readonly (readonly [at: string, answer: string])[] = [
  ["const total = █\n", "price + tax;\nreturn total;"],
  ["function f() {\n  █\n}\n", "if (a) {\n    b();\n  }\n  return `c` + '👩‍👩‍👧';\n}\n\nfunction g() {}"],
  ["f(█);\n", "a, b);\nc"],
  ["x = █\n", "1;<|endoftext|>2"],
  ["x = █\n", "\u200b1; \ud83d"],
];

test("the pieces in which a text comes do not matter", async () => {
  const seed = testSeed();
  const random = seededRandom(seed);
  for (const [at, answer] of answers) {
    const question = { path: "a.ts", text: at.replace("█", ""), cursor: at.indexOf("█"), answer };
    const { trace: _, ...first } = await completeScripted({ ...question, seed: 1 });
    for (let run = 0; run < 20; run++) {
      const pieces = Math.floor(random() * 2 ** 32);
      const { trace: _, ...other } = await completeScripted({ ...question, seed: pieces });
      expect(other, `seed ${seed}, pieces ${pieces}, ${JSON.stringify(answer)}`).toEqual(first);
    }
  }
});

test.each(["constructor", "__proto__", "toString"])(
  "a language called %s is one that nothing knows",
  async (languageId) => {
    const text = "if (a) {\n  b = c; // d\n  █);\n}\n";
    const answerIn = async (id: string) => {
      const question = {
        path: "a.x",
        languageId: id,
        text: text.replace("█", ""),
        cursor: text.indexOf("█"),
      };
      const { trace: _, ...answer } = await completeScripted({ ...question, answer: "e(f);\n  }\n}" });
      return answer;
    };
    expect(await answerIn(languageId)).toEqual(await answerIn("unheard-of"));
  },
);

test("what is selected replaces the word before the cursor, or more where the row begins with more", async () => {
  const at = async (text: string, selected: string, answer: string) => {
    const { document } = await completeScripted({
      path: "a.css",
      text,
      cursor: text.length,
      answer,
      selected,
    });
    return document;
  };
  expect(await at("a { background-co", "background-color", "lor: red;")).toBe("a { background-color: red;");
  expect(await at("a { co", "color", "lor: red;")).toBe("a { color: red;");
});
