import { expect, test } from "vitest";
import { UserError } from "../../../engine/errors/index.ts";
import type { MetadataValue } from "../../../engine/gguf/index.ts";
import { createTokenizer, vocabularyFrom } from "../../../engine/text/index.ts";

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

test("Llama 3's prompts begin with its token, and pieces that are tokens are not merged", () => {
  for (const name of ["llama-bpe", "llama3", "llama-v3", "tekken"])
    expect(read({ [`${KEY}.pre`]: name, [`${KEY}.bos_token_id`]: 0 })).toMatchObject({
      ignoreMerges: true,
      addBos: true,
    });
  const off = { [`${KEY}.pre`]: "llama-bpe", [`${KEY}.add_bos_token`]: false };
  expect(read(off).addBos).toBe(false);
  expect(read({ [`${KEY}.pre`]: "smaug-bpe" })).toMatchObject({ pre: "llama3", addBos: false });
  expect(read({ [`${KEY}.pre`]: "smaug-bpe" })).not.toHaveProperty("ignoreMerges");
});

test("without the name of a pre-tokenizer, other architectures' files are read as llama.cpp's default", () => {
  for (const name of [undefined, "", "default"])
    expect(read({ "general.architecture": "llama", [`${KEY}.pre`]: name }).pre).toBe("default");
});

test("SentencePiece needs no merges, and begins with its usual token", () => {
  const source = read({
    [`${KEY}.model`]: "llama",
    [`${KEY}.scores`]: Float32Array.of(0, 0, -1, 0),
    [`${KEY}.merges`]: undefined,
    [`${KEY}.pre`]: undefined,
  });
  expect(source).toMatchObject({ kind: "llama", bosId: 1, eosId: 2, addBos: true, addSpacePrefix: true });
  const wrong = { [`${KEY}.model`]: "llama", [`${KEY}.scores`]: Float32Array.of(0, 0) };
  expect(() => read(wrong)).toThrow("has 2 scores for 4 tokens");
});

for (const [architecture, pre] of [
  ["qwen2", "qwen2"],
  ["qwen3", "qwen2"],
  ["qwen35", "qwen35"],
  ["qwen35moe", "qwen35"],
  ["qwen3next", "qwen2"],
] as const) {
  test(`${architecture} without the name of its pre-tokenizer, or with "default", is read as ${pre}`, () => {
    for (const name of [undefined, "default"])
      expect(read({ "general.architecture": architecture, [`${KEY}.pre`]: name }).pre).toBe(pre);
  });
}

test("a pre-tokenizer that the file names wins over its architecture's", () => {
  expect(read({ "general.architecture": "qwen35", [`${KEY}.pre`]: "qwen2" }).pre).toBe("qwen2");
});

// Some converters write -1 for none, and as an unsigned number.
for (const id of [4, -1, 2 ** 32 - 1, 1.5]) {
  test(`a key that names token ${id} of 4 names none`, () => {
    const keys = ["eos", "eot", "bos", "fim_pre", "fim_sep", "middle"].map(
      (role) => `${KEY}.${role}_token_id`,
    );
    const source = read(Object.fromEntries(keys.map((key) => [key, id])));
    expect(source).toMatchObject({ endIds: [], fimIds: {} });
    expect(source).not.toHaveProperty("bosId");
    expect([...createTokenizer(source).endIds]).toEqual([3]); // by its text
  });
}

test("harmless variety: no types, several end tokens, 1 for true, a name that is no text", () => {
  const source = read({
    [`${KEY}.token_type`]: undefined,
    [`${KEY}.eos_token_id`]: Int32Array.of(3, 1),
    [`${KEY}.eos_token_ids`]: Int32Array.of(3, 2), // Ollama's
    [`${KEY}.bos_token_id`]: 0,
    [`${KEY}.add_bos_token`]: 1,
    "general.name": 7,
  });
  expect(source).toMatchObject({ endIds: [3, 1, 2], eosId: 3, addBos: true });
  const tokenizer = createTokenizer(source);
  expect(tokenizer.startId).toBe(0);
  expect(tokenizer.encode("<|im_end|>", { special: true })).toEqual([3]); // known by its text
});

test("older names of the layout's keys are read, newer ones win", () => {
  const old = { [`${KEY}.prefix_token_id`]: 0, [`${KEY}.suffix_token_id`]: 1, [`${KEY}.middle_token_id`]: 2 };
  expect(read(old).fimIds).toEqual({ prefix: 0, suffix: 1, middle: 2 });
  expect(read({ ...old, [`${KEY}.fim_mid_token_id`]: 3 }).fimIds.middle).toBe(3);
});

test("prompts begin with the token that the file wants there, and only where it wants one", () => {
  const bos = { [`${KEY}.bos_token_id`]: 1, [`${KEY}.eos_token_id`]: 2 };
  const start = (changes: Record<string, MetadataValue>) => createTokenizer(read(changes)).startId;
  expect(start({ ...bos, [`${KEY}.add_bos_token`]: true })).toBe(1);
  expect(start({ ...bos, [`${KEY}.add_bos_token`]: false })).toBeUndefined();
  expect(start(bos)).toBeUndefined();
  expect(start({ [`${KEY}.add_bos_token`]: true })).toBeUndefined();
  expect(createTokenizer(read(bos))).toMatchObject({ bosText: "b", eosText: "ab" });
});

const faults: readonly (readonly [string, MetadataValue | undefined, string])[] = [
  [
    `${KEY}.model`,
    "gemma4",
    'has "gemma4" in metadata key tokenizer.ggml.model, and only gpt2 and llama can be read',
  ],
  [`${KEY}.model`, "llama", "no metadata key tokenizer.ggml.scores"],
  [`${KEY}.pre`, "gpt-4o", 'has "gpt-4o" in metadata key tokenizer.ggml.pre, and only qwen2, '],
  [`${KEY}.pre`, "constructor", 'has "constructor" in metadata key tokenizer.ggml.pre'],
  ...[`${KEY}.model`, `${KEY}.tokens`, `${KEY}.merges`].map(
    (key) => [key, undefined, `no metadata key ${key}`] as const,
  ),
  [`${KEY}.tokens`, Int32Array.of(1), `${KEY}.tokens`],
  [
    `${KEY}.token_type`,
    Int32Array.of(1, 1),
    "4 tokens in tokenizer.ggml.tokens and 2 types in tokenizer.ggml.token_type",
  ],
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
