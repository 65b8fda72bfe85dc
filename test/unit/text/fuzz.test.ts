import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createTokenizer } from "../../../engine/text/index.ts";
import { pieceEnd } from "../../../engine/text/pieces.ts";
import { fuzzStrings } from "../../fixtures/text/fuzz.ts";
import {
  characterBlocks,
  DIGEST_LENGTH,
  digest,
  type FuzzGolden,
  fuzzVocabularies,
  JOINS,
  SAMPLE_STEP,
} from "../../fixtures/text/fuzz_golden.ts";

const strings = fuzzStrings();
const { vocabularies, classes }: FuzzGolden = JSON.parse(
  readFileSync(new URL("../../fixtures/text/fuzz_golden.json", import.meta.url), "utf8"),
);
const digests = (joined: string) => joined.match(new RegExp(`.{${DIGEST_LENGTH}}`, "g")) ?? [];

for (const [name, source] of Object.entries(await fuzzVocabularies())) {
  describe(name, () => {
    const golden = vocabularies[name]!;
    const tokenizer = createTokenizer(source);
    const ids = (text: string, special = false) => tokenizer.encode(text, { special });

    test("each 40th string gives llama.cpp's ids", () => {
      expect(golden.sample.length).toBe(strings.length / SAMPLE_STEP);
      for (const [i, expected] of golden.sample.entries()) {
        const text = strings[i * SAMPLE_STEP]!;
        expect(ids(text), JSON.stringify(text)).toEqual(expected);
      }
    });

    for (const special of [false, true]) {
      test(`2,000 strings give llama.cpp's ids, special tokens ${special ? "" : "not "}parsed`, () => {
        const expected = digests(special ? golden.special : golden.plain);
        expect(expected.length).toBe(strings.length);
        expect(new Set(expected).size).toBeGreaterThan(1800);
        const wrong = strings.filter((text, i) => digest(ids(text, special)) !== expected[i]);
        expect(wrong.slice(0, 5)).toEqual([]);
      });
    }

    test("each token has llama.cpp's text, control tokens left out and shown", () => {
      const texts = (special: boolean) => source.tokens.map((_, id) => tokenizer.decode([id], { special }));
      expect(digest(texts(false))).toBe(golden.texts);
      expect(digest(texts(true))).toBe(golden.specialTexts);
    });

    test("generation ends at llama.cpp's tokens", () => {
      expect([...tokenizer.endIds].sort((a, b) => a - b)).toEqual(golden.ends);
    });
  });
}

test("the two pre-tokenizers differ on these strings, which so tell them apart", () => {
  const { "crossing qwen35": qwen35, "crossing qwen2": qwen2 } = vocabularies;
  const other = digests(qwen2!.plain);
  expect(digests(qwen35!.plain).filter((own, i) => own !== other[i]).length).toBeGreaterThan(200);
});

test("every Unicode character has llama.cpp's class, independent of the runtime's tables", () => {
  const expected = digests(classes);
  const joins = (char: string) => JOINS.map(({ pre, head }) => Number(pieceEnd(head + char, 0, pre) > 1));
  const wrong = characterBlocks().filter((chars, i) => digest(chars.flatMap(joins)) !== expected[i]);
  expect(wrong.map((chars) => `block of U+${chars[0]!.codePointAt(0)!.toString(16)}`)).toEqual([]);
});
