import { expect, test } from "vitest";
import { UserError } from "../../engine/errors.ts";
import type { MetadataValue } from "../../engine/gguf/index.ts";
import { createTokenizer, vocabularyFrom } from "../../engine/text/index.ts";

const KEY = "tokenizer.ggml";
const good: Record<string, MetadataValue> = {
  [`${KEY}.model`]: "gpt2",
  [`${KEY}.pre`]: "qwen35",
  [`${KEY}.tokens`]: ["a", "b", "ab", "<|im_end|>"],
  [`${KEY}.token_type`]: Int32Array.of(1, 1, 1, 3),
  [`${KEY}.merges`]: ["a b"],
};
const read = (changes: Record<string, MetadataValue | undefined> = {}) => {
  const entries = Object.entries({ ...good, ...changes }).filter(([, value]) => value !== undefined);
  return vocabularyFrom({ path: "models/odd.gguf", metadata: new Map(entries as [string, MetadataValue][]) });
};

test("reads the keys that a tokenizer needs", () => {
  const source = read({
    [`${KEY}.eos_token_id`]: 3,
    [`${KEY}.fim_pre_token_id`]: 3,
    "tokenizer.chat_template": "{{ x }}",
  });
  expect(source).toMatchObject({
    pre: "qwen35",
    endIds: [3],
    fimIds: { prefix: 3 },
    chatTemplate: "{{ x }}",
  });
  expect(createTokenizer(source).encode("ab<|im_end|>", { special: true })).toEqual([2, 3]);
  expect(read()).not.toHaveProperty("chatTemplate");
});

for (const alias of ["qwen2", "deepseek-r1-qwen", "megrez"]) {
  test(`pre-tokenizer ${alias} is read as qwen2`, () =>
    expect(read({ [`${KEY}.pre`]: alias }).pre).toBe("qwen2"));
}

const faults: readonly (readonly [string, MetadataValue | undefined, string])[] = [
  [`${KEY}.model`, "llama", 'has "llama" in metadata key tokenizer.ggml.model, and only gpt2 can be read'],
  [
    `${KEY}.pre`,
    "llama-bpe",
    'has "llama-bpe" in metadata key tokenizer.ggml.pre, and only qwen35 and qwen2',
  ],
  [`${KEY}.pre`, "constructor", 'has "constructor" in metadata key tokenizer.ggml.pre'],
  ...[`${KEY}.model`, `${KEY}.pre`, `${KEY}.tokens`, `${KEY}.token_type`, `${KEY}.merges`].map(
    (key) => [key, undefined, `no metadata key ${key}`] as const,
  ),
  [`${KEY}.tokens`, Int32Array.of(1), `${KEY}.tokens`],
  [
    `${KEY}.token_type`,
    Int32Array.of(1, 1),
    "4 tokens in tokenizer.ggml.tokens and 2 types in tokenizer.ggml.token_type",
  ],
  [
    `${KEY}.eos_token_id`,
    4,
    "has 4 in metadata key tokenizer.ggml.eos_token_id, but its vocabulary has 4 tokens",
  ],
  [`${KEY}.fim_suf_token_id`, -1, "has -1 in metadata key tokenizer.ggml.fim_suf_token_id"],
];
for (const [key, value, sentence] of faults) {
  test(`${key} = ${value}: the error names file and key`, () => {
    expect(() => read({ [key]: value })).toThrow(UserError);
    expect(() => read({ [key]: value })).toThrow(sentence);
    expect(() => read({ [key]: value })).toThrow(/^odd\.gguf /);
  });
}

test("a merge that is no pair is a UserError with its rank", () => {
  const source = read({ [`${KEY}.merges`]: ["a b", "ab"] });
  expect(() => createTokenizer(source)).toThrow(UserError);
  expect(() => createTokenizer(source)).toThrow("Merge 1 of 2");
});
