import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createTokenizer } from "../../../engine/text/index.ts";
import { piecesOf } from "../../../engine/text/pre_tokenizers.ts";
import { fuzzStrings } from "../../fixtures/text/fuzz.ts";
import {
  characterBlocks,
  DIGEST_LENGTH,
  DIGESTED,
  digest,
  digestsOf,
  type FuzzGolden,
  fuzzVocabularies,
  JOINS,
  SAMPLE_STEP,
  TIDIED,
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
    const ids = (text: string, special = false) => tokenizer.encode(text, { special, begins: true });
    // llama.cpp takes SentencePiece's first space away again.
    const shown = (text: string) => (tokenizer.spaceFirst ? text.replace(/^ /, "") : text);

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
        expect(expected.length).toBe(strings.length / DIGESTED);
        expect(new Set(expected).size).toBeGreaterThan(180);
        const ours = digestsOf(strings.map((text) => ids(text, special)));
        const wrong = strings.filter(
          (_, i) => ours[Math.floor(i / DIGESTED)] !== expected[Math.floor(i / DIGESTED)],
        );
        expect(wrong.slice(0, DIGESTED)).toEqual([]);
      });
    }

    const isTidied = source.kind !== "llama" && TIDIED.includes(source.pre);
    test.skipIf(isTidied)("each token has llama.cpp's text, control tokens left out and shown", () => {
      const texts = (special: boolean) =>
        source.tokens.map((_, id) => shown(tokenizer.decode([id], { special })));
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
  expect(digests(qwen35!.plain).filter((own, i) => own !== other[i]).length).toBeGreaterThan(100);
});

test("every Unicode character has llama.cpp's class, independent of the runtime's tables", () => {
  const expected = digests(classes);
  const joins = (char: string) => JOINS.map(({ pre, head }) => Number(piecesOf(head + char, pre)(0) > 1));
  const wrong = characterBlocks().filter((chars, i) => digest(chars.flatMap(joins)) !== expected[i]);
  expect(wrong.map((chars) => `block of U+${chars[0]!.codePointAt(0)!.toString(16)}`)).toEqual([]);
});
