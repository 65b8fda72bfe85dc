import { expect, test } from "vitest";
import { type PreTokenizer, piecesOf } from "../../../engine/text/pre_tokenizers.ts";
import { random, randomText } from "../../fixtures/text/vocabularies.ts";
import { testSeed } from "../../reference/seed.ts";

function split(text: string, pre: PreTokenizer): string[] {
  const pieces: string[] = [];
  const endOf = piecesOf(text, pre);
  for (let start = 0; start < text.length; ) {
    const end = endOf(start);
    pieces.push(text.slice(start, end));
    start = end;
  }
  return pieces;
}

const CASES: readonly (readonly [string, readonly string[], (readonly string[])?])[] = [
  // text, pieces under qwen35, pieces under qwen2 where they differ
  ["let x1 = 42;\n", ["let", " x", "1", " =", " ", "4", "2", ";\n"]],
  ["don't WE'LL x'Re a's'", ["don", "'t", " WE", "'LL", " x", "'Re", " a", "'s", "'"]],
  ["'ſ 'x", ["'ſ", " '", "x"]],
  ["a  \n\n  b", ["a", "  \n\n", " ", " b"]],
  ["a \r\n\tb  ", ["a", " \r\n", "\tb", "  "]],
  ["if (!a) {\r\n\r\n}", ["if", " (!", "a", ")", " {\r\n\r\n", "}"]],
  ["\u0085\u0085a", ["\u0085", "\u0085a"]],
  [" \ufeff\ufeffa", [" \ufeff\ufeff", "a"]],
  ["\ufeffa", ["\ufeffa"]],
  ["½Ⅳ٣", ["½", "Ⅳ", "٣"]],
  ["e\u0301t\u00e9", ["e\u0301t\u00e9"], ["e", "\u0301t\u00e9"]],
  ["ที่นี่", ["ที่นี่"], ["ท", "ี่", "น", "ี่"]],
  ["हिन्दी", ["हिन्दी"], ["ह", "िन", "्द", "ी"]],
  ["..\u0301", ["..", "\u0301"], ["..\u0301"]],
  [" \u0301", [" \u0301"]],
  ["1\u0301", ["1", "\u0301"]],
  ["😀 👍🏽!", ["😀", " 👍🏽!"]],
  ["\ud83d", ["\ud83d"]],
];
for (const [text, qwen35, qwen2 = qwen35] of CASES) {
  test(`${JSON.stringify(text)} splits as llama.cpp splits it`, () => {
    expect(split(text, "qwen35")).toEqual(qwen35);
    expect(split(text, "qwen2")).toEqual(qwen2);
  });
}

// NETWORK.md 7.2, with llama.cpp's white space in place of \s.
const S = "\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const CONTRACTIONS = "'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]";
const TAIL = `[${S}]*[\\r\\n]+|[${S}]+(?![^${S}])|[${S}]+`;
const REGEX = {
  qwen35: `${CONTRACTIONS}|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}| ?[^${S}\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|${TAIL}`,
  qwen2: `${CONTRACTIONS}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^${S}\\p{L}\\p{N}]+[\\r\\n]*|${TAIL}`,
};
for (const pre of ["qwen35", "qwen2"] as const) {
  test(`${pre}: the scanner cuts where the format's regular expression cuts`, () => {
    const seed = testSeed();
    const next = random(seed);
    for (let run = 0; run < 2000; run++) {
      const text = randomText(next, 30);
      expect(split(text, pre), `seed ${seed}: ${JSON.stringify(text)}`).toEqual(
        text.match(new RegExp(REGEX[pre], "gu")) ?? [],
      );
    }
  });
}
