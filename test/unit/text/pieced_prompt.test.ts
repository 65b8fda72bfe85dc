import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import type { PromptPiece } from "../../../engine/contract/index.ts";
import { openGguf } from "../../../engine/gguf/index.ts";
import {
  createTokenizer,
  piecedPrompt,
  type Tokenizer,
  type VocabularySource,
  vocabularyFrom,
} from "../../../engine/text/index.ts";
import { seededRandom } from "../../reference/random.ts";
import { testSeed } from "../../reference/seed.ts";

const root = join(import.meta.dirname, "../../..");
const code = readFileSync(join(root, "test/bench/traces/sources/length_policy.ts.txt"), "utf8");
const separator = { token: "<|file_sep|>" };
let vocabulary: VocabularySource;
let tokenizer: Tokenizer;

beforeAll(async () => {
  await using file = await openGguf(join(root, "media/model/foretype-mini.gguf"));
  vocabulary = vocabularyFrom(file);
  tokenizer = createTokenizer(vocabulary);
});

const encode = (text: string) => tokenizer.encode(text, { special: false });
const idsOf = (pieces: readonly PromptPiece[]) => piecedPrompt(tokenizer, pieces).ids;

test("pieces give the ids of the whole text, special tokens where they are asked for", () => {
  const id = tokenizer.idOf("<|file_sep|>")!;
  const whole = [id, ...encode("original/a.ts\nconst foo = 1\n"), id, ...encode("updated/a.ts")];
  expect(idsOf([separator, "original/a.ts\n", "const f", "oo = 1\n", separator, "updated/a.ts"])).toEqual(
    whole,
  );
});

test("a special token's text in a text stays text, also where the vocabulary has it for text", () => {
  const id = tokenizer.idOf("<|file_sep|>")!;
  expect(idsOf([separator, "a <|file_sep|> b"]).filter((it) => it === id)).toHaveLength(1);
  const own = createTokenizer({
    ...vocabulary,
    tokens: [...vocabulary.tokens, "<|mark|>"],
    types: [...Array.from(vocabulary.types), 4], // user-defined: llama.cpp finds it in any text
  });
  const mark = own.idOf("<|mark|>")!;
  expect(own.encode("<|mark|>", { special: false })).toEqual([mark]);
  const { ids } = piecedPrompt(own, ["a <|mark|> b", { token: "<|mark|>" }, "<|mark|>"]);
  expect(ids.filter((it) => it === mark)).toHaveLength(1);
  expect(own.decode(ids, { special: true })).toBe("a <|mark|> b<|mark|><|mark|>");
});

test("a token that the model has not is an error that says so", () => {
  expect(() => idsOf([{ token: "<|marker_1|>" }, "x"])).toThrow(
    "This model has no special token “<|marker_1|>”, which the format of its edits needs: choose a model",
  );
  expect(() => idsOf([{ token: "const" }])).toThrow("no special token");
});

test("no text after a steady place changes the ids before it (random)", () => {
  const seed = testSeed();
  const random = seededRandom(seed);
  const below = (n: number) => Math.floor(random() * n);
  const tails = ["", "\n", "\n\n", " ", "x", "é", "(", "\n    return", ";\n\n", "<|file_sep|>"];
  for (let run = 0; run < 200; run++) {
    const start = below(code.length - 400);
    const head = code.slice(start, start + below(300));
    const first = piecedPrompt(tokenizer, [separator, head, "more"], [2]);
    const kept = first.ids.slice(0, first.steady[0]);
    const again = piecedPrompt(
      tokenizer,
      [separator, head, tails[below(tails.length)]! + code.slice(0, below(40))],
      [2],
    );
    expect(again.steady, `seed ${seed}, run ${run}`).toEqual(first.steady);
    expect(again.ids.slice(0, kept.length), `seed ${seed}, run ${run}`).toEqual(kept);
    // All but the last word.
    expect(tokenizer.decode(kept).length, `seed ${seed}, run ${run}`).toBeGreaterThanOrEqual(
      head.trimEnd().lastIndexOf(" "),
    );
  }
});

test("places that follow one another, at a token and at the end", () => {
  const { ids, steady } = piecedPrompt(tokenizer, [separator, "a\n", separator, "b\n"], [0, 2, 4]);
  expect(steady[0]).toBe(0);
  expect(ids[steady[1]!]).toBeOneOf([tokenizer.idOf("<|file_sep|>"), encode("\n")[0]]);
  expect(steady[2]).toBe(ids.length);
});

test("a text that follows has the ids that it has there", () => {
  const pieces = [separator, "updated/a.ts"];
  const { ids, following } = piecedPrompt(tokenizer, pieces);
  const text = "\n    const bar = 1\n";
  expect([...ids, ...following(text)]).toEqual(idsOf([...pieces, text]));
  // Here the prompt's last token would be another one with the text: the model cannot write that.
  const open = piecedPrompt(tokenizer, ["const "]);
  expect(tokenizer.decode(open.following("foo"))).toBe("foo");
});
