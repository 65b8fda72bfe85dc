import { describe, expect, test } from "vitest";
import type { ChatDelta, ChatRequest } from "../../../engine/contract/index.ts";
import { createChat, splitThinking } from "../../../engine/generate/chat.ts";
import { generationStream } from "../../../engine/generate/generation_stream.ts";
import { Tally } from "../../../engine/generate/tally.ts";
import type { Draw } from "../../../engine/model/index.ts";
import { TOKEN_TYPE, type Tokenizer } from "../../../engine/text/index.ts";
import {
  DISTILL,
  QWEN3,
  QWEN25,
  QWEN35_LARGE,
  QWEN35_SMALL,
  QWEN36,
  SPECIALS,
} from "../../fixtures/text/chat_templates.ts";
import { random, synthetic } from "../../fixtures/text/vocabularies.ts";
import { testSeed } from "../../reference/seed.ts";

/** A session that samples the tokens of `answer`, for every prompt. */
function scripted(tokenizer: Tokenizer, answer: string): Parameters<typeof createChat>[0] {
  const ids = [...tokenizer.encode(answer, { special: true })];
  async function* draws(): AsyncGenerator<Draw, "end", undefined> {
    for (const [position, token] of ids.entries()) yield { token, position, logProbability: 0 };
    return "end";
  }
  return {
    evaluator: { context: 4096 },
    generate: () => generationStream(draws(), new Tally(0)),
  };
}

async function answerOf(tokenizer: Tokenizer, answer: string, request: Partial<ChatRequest> = {}) {
  const { chat } = createChat(scripted(tokenizer, answer), tokenizer);
  const shown = { text: "", thinking: "" };
  const messages = [{ role: "user", content: "Why?" }] as const;
  for await (const { kind, text } of chat({
    messages,
    maxTokens: 100,
    thinking: false,
    temperature: 0,
    seed: 0,
    ...request,
  }))
    shown[kind] += text;
  return shown;
}

// Family, its template, whether thinking is on, what a model of the family then writes, and the part of it that is thought.
const cases: readonly (readonly [string, string, boolean, string, string])[] = [
  ["Qwen2.5", QWEN25, false, "Because.<|im_end|>", ""],
  ["Qwen2.5", QWEN25, true, "Because.<|im_end|>", ""],
  ["Qwen3", QWEN3, false, "Because.<|im_end|>", ""],
  ["Qwen3", QWEN3, true, "<think>\nhm 😀\n</think>\n\nBecause.<|im_end|>", "\nhm 😀\n"],
  [
    "Qwen3, with a block of its own though asked not to think",
    QWEN3,
    false,
    "<think>\n\n</think>\n\nBecause.",
    "\n\n",
  ],
  ["Qwen3.5, large", QWEN35_LARGE, false, "Because.<|im_end|>", ""],
  ["Qwen3.5, large", QWEN35_LARGE, true, "hm\n</think>\n\nBecause.<|im_end|>", "hm\n"],
  ["Qwen3.5, small", QWEN35_SMALL, false, "Because.<|im_end|>", ""],
  ["Qwen3.5, small", QWEN35_SMALL, true, "hm\n</think>\n\nBecause.<|im_end|>", "hm\n"],
  ["Qwen3.6", QWEN36, false, "Because.<|endoftext|>", ""],
  ["Qwen3.6", QWEN36, true, "hm, <think> is a tag\n</think>\n\nBecause.", "hm, <think> is a tag\n"],
  ["a model that always thinks", DISTILL, false, "Because.<|im_end|>", ""],
  ["a model that always thinks", DISTILL, true, "hm\n</think>\n\nBecause.<|im_end|>", "hm\n"],
];
for (const [family, chatTemplate, thinking, answer, thoughts] of cases) {
  test(`${family}, thinking ${thinking}: the answer is apart from the thoughts`, async () => {
    const tokenizer = synthetic([], SPECIALS, { chatTemplate });
    expect(await answerOf(tokenizer, answer, { thinking })).toEqual({ text: "Because.", thinking: thoughts });
  });
}

test("tags that the vocabulary spells by characters, or calls control tokens, part the answer all the same", async () => {
  const answer = "<think>\nhm\n</think>\n\nBecause.";
  const expected = { text: "Because.", thinking: "\nhm\n" };
  const spelled = synthetic([], SPECIALS.slice(0, 3), { chatTemplate: QWEN3 });
  const control = synthetic(
    [],
    SPECIALS.map(([text]) => [text, TOKEN_TYPE.control]),
    { chatTemplate: QWEN3 },
  );
  for (const tokenizer of [spelled, control])
    expect(await answerOf(tokenizer, answer, { thinking: true })).toEqual(expected);
});

test("an answer that ends within its thoughts has no text", async () => {
  const tokenizer = synthetic([], SPECIALS, { chatTemplate: QWEN35_LARGE });
  expect(await answerOf(tokenizer, "hm, </thi", { thinking: true })).toEqual({
    text: "",
    thinking: "hm, </thi",
  });
});

test("a model without a template says so", async () => {
  await expect(answerOf(synthetic([], SPECIALS), "Because.")).rejects.toThrow(
    "This model has no chat template, it only completes: choose a chat model.",
  );
});

describe("splitThinking", () => {
  const join = (deltas: readonly ChatDelta[], kind: ChatDelta["kind"]) =>
    deltas.map((delta) => (delta.kind === kind ? delta.text : "")).join("");

  test("gives the same for any pieces that the text comes in", () => {
    const seed = testSeed();
    const next = random(seed);
    const texts = [
      ["  \n<think>a</think>\n\n b </think> <think>", false, "a", "b </think> <think>"],
      ["a </thin k></think>\n\n\n```ts\n", true, "a </thin k>", "```ts\n"],
      ["  <thin> a", false, "", "  <thin> a"],
      ["<think>", false, "", ""],
      [" \n", false, "", " \n"],
      ["</think> ", true, "", ""],
    ] as const;
    for (let run = 0; run < 300; run++) {
      const [text, begun, thinking, answer] = texts[run % texts.length]!;
      const split = splitThinking(begun);
      const deltas: ChatDelta[] = [];
      for (let start = 0; start < text.length; ) {
        const end = start + Math.floor(next() * 4);
        deltas.push(...split(text.slice(start, end), false));
        start = end;
      }
      deltas.push(...split("", true));
      expect(join(deltas, "thinking"), `seed ${seed}, run ${run}`).toBe(thinking);
      expect(join(deltas, "text"), `seed ${seed}, run ${run}`).toBe(answer);
      expect(deltas.every((delta) => delta.text !== "")).toBe(true);
    }
  });

  test("holds nothing of the answer back", () => {
    const split = splitThinking(true);
    expect(split("a</think>\n", false)).toEqual([{ kind: "thinking", text: "a" }]);
    expect(split("\nb <", false)).toEqual([{ kind: "text", text: "b <" }]);
  });
});
