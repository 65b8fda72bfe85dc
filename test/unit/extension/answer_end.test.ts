import { describe, expect, test } from "vitest";
import type { ChatDelta, EndReason, GenerationEnd } from "../../../engine/contract/index.ts";
import { noticeOfEnd } from "../../../extension/explain/conversation.ts";
import { budgetFor } from "../../../extension/refactor/budget.ts";
import { refactorMessages } from "../../../extension/refactor/request.ts";
import { loopAtEnd, readAnswer } from "../../../extension/services/answer.ts";
import { chatContext } from "../../../extension/services/chat_context.ts";

/** An engine whose chat yields these deltas, then ends so; with an error for a reason it throws. */
function engineOf(deltas: readonly ChatDelta[], end: EndReason | Error | undefined) {
  let left = false;
  return {
    get left() {
      return left;
    },
    async *chat(): AsyncGenerator<ChatDelta, GenerationEnd | undefined, undefined> {
      try {
        yield* deltas;
        if (end instanceof Error) throw end;
        return end && ({ reason: end } as GenerationEnd);
      } finally {
        left = true;
      }
    },
  };
}

describe("an answer comes with the reason why it ended", () => {
  const deltas: ChatDelta[] = [
    { kind: "thinking", text: "Hm." },
    { kind: "text", text: "a" },
    { kind: "text", text: "b" },
  ];
  const request = { messages: [], maxTokens: 9 };

  for (const reason of ["end", "max-tokens", "context-full", "preempted", "cancelled"] as const)
    test(reason, async () => {
      let text = "";
      expect(await readAnswer(engineOf(deltas, reason), request, (piece) => (text += piece))).toBe(reason);
      expect(text).toBe("ab"); // no thoughts
    });

  test("a stream that was left before its end counts as cancelled", async () => {
    expect(await readAnswer(engineOf(deltas, undefined), request, () => {})).toBe("cancelled");
  });

  test("after an abort no more text is delivered, the stream is left, and nothing is thrown", async () => {
    for (const end of ["end", new Error("lost")] as const) {
      const abort = new AbortController();
      const engine = engineOf(deltas, end);
      let text = "";
      const read = readAnswer(engine, { ...request, signal: abort.signal }, (piece) => {
        text += piece;
        abort.abort();
      });
      expect(await read).toBe("cancelled");
      expect([text, engine.left]).toEqual(["a", true]);
    }
  });

  test("an answer that repeats itself without an end is stopped, unless the original does so too", async () => {
    const zeros: ChatDelta[] = Array.from({ length: 600 }, () => ({ kind: "text", text: "0, " }));
    for (const [original, end] of [
      [undefined, "loop"],
      ["const table = [1, 2, 3];", "loop"],
      [`const table = [${"0, ".repeat(600)}];`, "end"],
    ] as const) {
      const engine = engineOf([...deltas, ...zeros], "end");
      let text = "";
      const asked = { ...request, ...(original && { original }) };
      expect(await readAnswer(engine, asked, (piece) => (text += piece))).toBe(end);
      expect([text.length < 1200, engine.left]).toEqual([end === "loop", true]);
    }
  });

  test("an error without an abort is the caller's", async () => {
    await expect(readAnswer(engineOf(deltas, new Error("lost")), request, () => {})).rejects.toThrow("lost");
  });
});

const paragraph = "The function reads the file, and returns the users that are active.\n\n";
const texts: readonly [what: string, text: string, isLoop: boolean][] = [
  ["a digit", `"id": "${"1".repeat(1000)}`, true],
  ["ten digits", `"id": "${"1234567890".repeat(110)}`, true],
  ["a paragraph, cut off within", paragraph.repeat(20).slice(0, -30), true],
  ["an emoji", "🙂".repeat(600), true],
  ["a paragraph a few times", paragraph.repeat(6), false],
  ["a long ruler", `${"=".repeat(900)}\n`, false],
  ["a list that counts", Array.from({ length: 300 }, (_, i) => `- item ${i}\n`).join(""), false],
  ["a loop that was left", `${"ha".repeat(600)}\nThat is all.`, false],
  ["nothing", "", false],
];
for (const [what, text, isLoop] of texts)
  test(`${what} is ${isLoop ? "a loop" : "no loop"}`, () =>
    expect(loopAtEnd(text) !== undefined).toBe(isLoop));

test("each end of an explanation but its own is said in one line", () => {
  expect(noticeOfEnd("end", "It adds.")).toBe("");
  expect(noticeOfEnd("end", " ")).toMatch(/no answer/);
  expect(noticeOfEnd("cancelled", "It")).toBe("Stopped.");
  for (const end of ["max-tokens", "context-full", "preempted", "loop"] as const)
    expect(noticeOfEnd(end, "It")).toMatch(/^The answer is cut off, since [^:\n]+: [^\n]+\.$/);
});

describe("the tokens of a refactoring", () => {
  test("grow with the selection, and never fall below those of a short one", () => {
    expect(budgetFor("x".repeat(300), "Simplify", 8192)).toMatchObject({ maxTokens: 2048, around: 1500 });
    expect(budgetFor("x".repeat(9000), "Simplify", 8192)).toMatchObject({ maxTokens: 6000, around: 0 });
  });

  test("leave out the code around the selection first", () => {
    const small = budgetFor("x".repeat(300), "Simplify", 512);
    expect(small).toMatchObject({ maxTokens: 2048 });
    expect("around" in small && small.around).toBeLessThan(1500);
    const [, user] = refactorMessages({
      instruction: "Simplify",
      path: "a.ts",
      languageId: "typescript",
      before: "before();\n",
      selected: "a();",
      after: "after();\n",
      around: 0,
    });
    expect(user!.content).not.toMatch(/before|after\(/);
    expect(user!.content).toContain("a();");
  });

  test("a selection that cannot fit with its rewriting is refused before the model is asked, with numbers", () => {
    const doubt = budgetFor("x".repeat(20_000), "Simplify", 8192);
    expect(doubt).toMatchObject({ advice: "select fewer lines" });
    expect("problem" in doubt && doubt.problem).toMatch(/20000 characters.*8192 tokens.*about \d+/);
    const most = Number(/about (\d+)/.exec("problem" in doubt ? doubt.problem : "")![1]);
    expect(budgetFor("x".repeat(most), "Simplify", 8192)).toHaveProperty("maxTokens");
  });
});

test("the context is what the loaded model has, at most what the file and the engine allow", async () => {
  const engine = (contextLength: number, loaded?: number) => ({
    describe: async () => ({ path: "a.gguf", contextLength }) as never,
    status: async () =>
      (loaded === undefined ? undefined : { models: [{ path: "a.gguf", context: loaded }] }) as never,
  });
  expect(await chatContext(engine(512))).toBe(512);
  expect(await chatContext(engine(262_144))).toBe(8192);
  expect(await chatContext(engine(262_144, 2048))).toBe(2048);
});
