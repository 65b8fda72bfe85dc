import { describe, expect, test } from "vitest";
import type { ChatMessage } from "../../../engine/contract/index.ts";
import { UserError } from "../../../engine/errors/index.ts";
import {
  beginsThinking,
  chatPrompt,
  renderChat,
  type TemplateOptions,
  TOKEN_TYPE,
} from "../../../engine/text/index.ts";
import {
  DATED,
  DISTILL,
  QWEN3,
  QWEN25,
  QWEN35_LARGE,
  QWEN35_SMALL,
  QWEN36,
  SPECIALS,
} from "../../fixtures/text/chat_templates.ts";
import { synthetic } from "../../fixtures/text/vocabularies.ts";

const CODER = SPECIALS.slice(0, 3); // without thoughts
const IM_END = 258;

const system = (content: string): ChatMessage => ({ role: "system", content });
const user = (content: string): ChatMessage => ({ role: "user", content });
const assistant = (content: string): ChatMessage => ({ role: "assistant", content });
const turn = (role: string, content: string) => `<|im_start|>${role}\n${content}<|im_end|>\n`;

const ASK = { addGenerationPrompt: true };
const START = "<|im_start|>assistant\n";
const OFF = "<think>\n\n</think>\n\n";
const ON = "<think>\n";
const DEFAULT_SYSTEM = turn("system", "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.");

const thought = "<think>\nhm, b\n</think>\n\nB.";
const rounds = [user("a"), assistant(thought), user("c")];
const toolRound = [user("a"), assistant(thought), user("<tool_response>\n1\n</tool_response>")];

const families: Record<
  string,
  {
    template: string;
    /** What follows the assistant's header with thinking on, off, and left to the template. */
    preambles: readonly [on: string, off: string, byTemplate: string];
    head?: string;
    /** The second turn of `rounds` and of `toolRound`. */
    answered: string;
    inToolRound: string;
    /** A question with white space around it. */
    spaced: string;
  }
> = {
  "Qwen2.5": {
    template: QWEN25,
    preambles: ["", "", ""],
    head: DEFAULT_SYSTEM,
    answered: thought,
    inToolRound: thought,
    spaced: " a \n",
  },
  Qwen3: { template: QWEN3, preambles: ["", OFF, ""], answered: "B.", inToolRound: thought, spaced: " a \n" },
  "Qwen3.5, large": {
    template: QWEN35_LARGE,
    preambles: [ON, OFF, ON],
    answered: "B.",
    inToolRound: thought,
    spaced: "a",
  },
  "Qwen3.5, small": {
    template: QWEN35_SMALL,
    preambles: [ON, OFF, OFF],
    answered: "B.",
    inToolRound: thought,
    spaced: "a",
  },
  "Qwen3.6": {
    template: QWEN36,
    preambles: [ON, OFF, ON],
    answered: "B.",
    inToolRound: thought,
    spaced: "a",
  },
};

for (const [family, it] of Object.entries(families)) {
  const { template, head = "", preambles } = it;
  const tokenizer = synthetic([], family === "Qwen2.5" ? CODER : SPECIALS, { chatTemplate: template });
  const render = (
    messages: readonly ChatMessage[],
    options: TemplateOptions = { addGenerationPrompt: false },
  ) => renderChat(template, messages, options);

  describe(family, () => {
    for (const [i, enableThinking] of [true, false, undefined].entries()) {
      const options = { ...ASK, ...(enableThinking !== undefined && { enableThinking }) };
      test(`thinking ${enableThinking ?? "left to the template"}: the answer starts as the family's does`, () => {
        const expected = `${head}${turn("user", "a")}${START}${preambles[i]}`;
        expect(render([user("a")], options)).toBe(expected);
        const ids = chatPrompt(tokenizer, [user("a")], options)!;
        expect(tokenizer.decode(ids, { special: true })).toBe(expected);
        expect(beginsThinking(tokenizer, ids)).toBe(preambles[i] === ON);
      });
    }
    test("thoughts of earlier rounds go as the family's do, those of the round that runs stay", () => {
      expect(render(rounds)).toBe(
        head + turn("user", "a") + turn("assistant", it.answered) + turn("user", "c"),
      );
      expect(render(toolRound)).toBe(
        head + turn("user", "a") + turn("assistant", it.inToolRound) + turn("user", toolRound[2]!.content),
      );
    });
    test("system messages in any place become one at the front", () => {
      const misplaced = [user("a"), system("Be brief."), assistant("b"), user("c"), system("In English.")];
      expect(render(misplaced)).toBe(
        turn("system", "Be brief.\n\nIn English.") +
          turn("user", "a") +
          turn("assistant", "b") +
          turn("user", "c"),
      );
    });
    test("white space around a message is the template's business", () => {
      expect(render([user(" a \n")])).toBe(head + turn("user", it.spaced));
    });
    test("Qwen3's soft switches are text like any other", () => {
      expect(render([user("a /no_think")])).toBe(head + turn("user", "a /no_think"));
    });
    test("think tags in a question neither open nor close the answer's block", () => {
      const ids = chatPrompt(tokenizer, [user("What does <think>")], { ...ASK, enableThinking: false })!;
      expect(beginsThinking(tokenizer, ids)).toBe(false);
    });
  });
}

for (const template of [QWEN35_LARGE, QWEN35_SMALL, QWEN36]) {
  test("a conversation without a question is refused in the template's words", () => {
    for (const messages of [[system("a")], [], [assistant("a")]]) {
      const refused = () => renderChat(template, messages, ASK);
      expect(refused).toThrow(UserError);
      expect(refused).toThrow(
        new RegExp(
          `^The model's chat template fails on these ${messages.length} messages \\(“No .*”\\): change the request or choose another model\\.$`,
        ),
      );
    }
  });
}

describe("a template that knows no switch and always opens the block", () => {
  const tokenizer = synthetic([], [...SPECIALS, ["<s>", TOKEN_TYPE.control], ["</s>", TOKEN_TYPE.control]], {
    chatTemplate: DISTILL,
    pre: "qwen2",
    bosId: 261,
    eosId: 262,
    endIds: [262],
  });
  const prompt = (options: Omit<TemplateOptions, "addGenerationPrompt">) =>
    chatPrompt(tokenizer, [user("a")], { ...ASK, ...options })!;
  test("the answer begins as a thought", () => {
    for (const options of [{ enableThinking: true }, {}])
      expect(beginsThinking(tokenizer, prompt(options))).toBe(true);
  });
  test("the block is closed at once with thinking off", () => {
    const ids = prompt({ enableThinking: false });
    expect(tokenizer.decode(ids, { special: true })).toBe(`<s><|im_start|>a<|im_end|>${OFF}`);
    expect(beginsThinking(tokenizer, ids)).toBe(false);
  });
  test("it names the beginning and the end of a text", () => {
    const ids = chatPrompt(tokenizer, rounds, { addGenerationPrompt: false })!;
    expect(tokenizer.decode(ids, { special: true })).toBe(
      "<s><|im_start|>a<|im_end|>\n\nB.</s><|im_start|>c",
    );
  });
});

test("a prompt begins with the model's first token once, whether the template writes it or not", () => {
  for (const chatTemplate of [DISTILL, QWEN3]) {
    const tokenizer = synthetic([], [...SPECIALS, ["<s>", TOKEN_TYPE.control]], {
      chatTemplate,
      bosId: 261,
      addBos: true,
    });
    const ids = chatPrompt(tokenizer, [user("a")], ASK)!;
    expect(ids.slice(0, 2)).toEqual([261, 257]);
  }
});

test("a template may ask for the date", () => {
  expect(renderChat(DATED, [user("a")], ASK)).toMatch(
    /^<\|im_start\|>system\nIt is \d\d \p{L}+ \d{4}, \d\d:\d\d\.<\|im_end\|>\n<\|im_start\|>user\na/u,
  );
});

describe("a file without a template", () => {
  const of = (specials: typeof SPECIALS, eosId?: number) =>
    synthetic([], specials, eosId === undefined ? {} : { eosId, endIds: [eosId] });
  const rendered = (tokenizer: ReturnType<typeof of>, enableThinking: boolean) =>
    tokenizer.decode(
      chatPrompt(tokenizer, [system("Be brief."), user("a")], { ...ASK, enableThinking }) ?? [],
      {
        special: true,
      },
    );
  const chatml = turn("system", "Be brief.") + turn("user", "a") + START;

  test("converses in plain ChatML, if its texts end as turns do", () => {
    expect(rendered(of(CODER, IM_END), false)).toBe(chatml);
    expect(rendered(of(CODER, IM_END), true)).toBe(chatml);
  });
  test("gets the preamble that models with think tags expect", () => {
    expect(rendered(of(SPECIALS, IM_END), false)).toBe(chatml + OFF);
    expect(rendered(of(SPECIALS, IM_END), true)).toBe(chatml + ON);
  });
  test("only completes, if its texts end otherwise or it has no turns", () => {
    for (const tokenizer of [of(SPECIALS, 256), of(SPECIALS), of(CODER.slice(0, 1), 256)]) {
      expect(tokenizer.chatTemplate).toBeUndefined();
      expect(chatPrompt(tokenizer, [user("a")], ASK)).toBeUndefined();
    }
  });
});

for (const [what, template] of [
  ["does not end", "{% for message in messages %}{{ message.content }}"],
  ["is no Jinja", "{% for %}"],
  ["is cut off", "{{ messages[0].content"],
]) {
  test(`a template that ${what} is told in one sentence`, () => {
    expect(() => renderChat(template, [user("a")], ASK)).toThrow(UserError);
    expect(() => renderChat(template, [user("a")], ASK)).toThrow(
      /^The model's chat template cannot be read \(“[^\n]+”\): choose another file of this model\.$/,
    );
  });
}

test("a filter that does not exist is told in one sentence", () => {
  expect(() => renderChat("{{ messages | shuffle }}", [user("a")], ASK)).toThrow(
    /^The model's chat template fails on these 1 messages \(“[^\n]*shuffle[^\n]*”\): change the request/,
  );
});
