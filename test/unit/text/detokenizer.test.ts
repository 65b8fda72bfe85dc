import { expect, test } from "vitest";
import { createDetokenizer, createTokenizer, TOKEN_TYPE } from "../../../engine/text/index.ts";
import { miniVocabulary, random, randomText, synthetic } from "../../fixtures/text/vocabularies.ts";
import { testSeed } from "../../reference/seed.ts";

const mini = createTokenizer(await miniVocabulary());

test("a character shows once its last byte has come", () => {
  const ids = mini.encode("a😀b", { special: false });
  expect(ids.length).toBeGreaterThanOrEqual(5); // the emoji is no token of this vocabulary
  const stream = createDetokenizer(mini);
  const shown = ids.map((id) => stream.push([id]));
  expect(shown.filter((text) => text !== "")).toEqual(["a", "😀", "b"]);
  expect(stream.flush()).toBe("");
});

test("flush shows an unfinished character as U+FFFD, and the next text is whole", () => {
  const stream = createDetokenizer(mini);
  expect(stream.push(mini.encode("😀", { special: false }).slice(0, -1))).toBe("");
  expect(stream.flush()).toBe("\ufffd");
  expect(stream.push(mini.encode("é", { special: false }))).toBe("é");
});

test("control tokens show on request only, user-defined ones always", () => {
  const tokenizer = synthetic(
    [],
    [
      ["<|im_end|>", TOKEN_TYPE.control],
      ["<思>", TOKEN_TYPE.userDefined],
      ["[PAD1]", TOKEN_TYPE.unused],
    ],
  );
  expect(createDetokenizer(tokenizer).push([256, 257, 258])).toBe("<思>");
  expect(createDetokenizer(tokenizer, { special: true }).push([256, 257, 258])).toBe("<|im_end|><思>");
});

test("a byte order mark is text", () => {
  const text = "\ufeffimport\ufeff";
  expect(mini.decode(mini.encode(text, { special: false }))).toBe(text);
});

test("in chunks of any size the text is the same as at once, also for ids in no sensible order", () => {
  const seed = testSeed();
  const next = random(seed);
  for (let run = 0; run < 500; run++) {
    const ids =
      run % 2 === 0
        ? mini.encode(randomText(next, 60), { special: true })
        : Array.from({ length: 60 }, () => Math.floor(next() * mini.size));
    const stream = createDetokenizer(mini);
    let text = "";
    for (let start = 0; start < ids.length; ) {
      const end = start + 1 + Math.floor(next() * 5);
      text += stream.push(ids.slice(start, end));
      start = end;
    }
    text += stream.flush();
    expect(text, `seed ${seed}, run ${run}`).toBe(mini.decode(ids));
  }
});
