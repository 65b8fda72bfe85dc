import { describe, expect, test } from "vitest";
import type { Answer } from "../../../engine/complete/index.ts";
import { sentenceOf } from "../../../engine/errors/index.ts";
import { bench, driven, outcome } from "../support/pipeline.ts";

/** What a question is answered with while the model stays silent, and after how long. */
async function answered(trigger: "automatic" | "invoked", more: Parameters<typeof bench>[2] = {}) {
  const { completer, requests, settle } = driven();
  const all = bench(completer, {}, more);
  const beganMs = all.clock.now();
  let answer: Answer | undefined;
  let afterMs = Number.NaN;
  void all.ask("x = █", { trigger }).then((it) => {
    answer = it;
    afterMs = all.clock.now() - beganMs;
  });
  await settle();
  await all.clock.pass(60_000);
  return { ...all, requests, settle, answer: answer!, afterMs };
}

describe("a model that writes nothing", () => {
  test("is not waited for longer than some seconds, and the silence says so", async () => {
    const { answer, afterMs } = await answered("automatic");
    expect(outcome(answer)).toEqual({ nothing: "no-answer" });
    expect(afterMs).toBeGreaterThanOrEqual(1000);
    expect(afterMs).toBeLessThanOrEqual(3000);
    expect(answer.kind === "nothing" && sentenceOf(answer.silence)).toBe(
      "The model has not written anything for 2 s: the suggestion shows when it has, and a smaller model is faster.",
    );
  });

  test("is waited for longer where the user asked", async () => {
    const { answer, afterMs } = await answered("invoked");
    expect(outcome(answer)).toEqual({ nothing: "no-answer" });
    expect(afterMs).toBeGreaterThan((await answered("automatic")).afterMs);
    expect(afterMs).toBeLessThanOrEqual(10_000);
  });

  test("may be loading, which is another reason", async () => {
    const { answer } = await answered("automatic", { isLoading: () => true });
    expect(outcome(answer)).toEqual({ nothing: "model-loading" });
    expect(answer.kind === "nothing" && sentenceOf(answer.silence)).toMatch(/still being loaded after 2 s/);
  });

  for (const trigger of ["automatic", "invoked"] as const)
    test(`goes on, and when its text comes, the editor is asked again as before (${trigger})`, async () => {
      const asked: unknown[] = [];
      const onGrown = (...place: unknown[]) => void asked.push(place);
      const { ask, requests, settle } = await answered(trigger, { onGrown });
      expect(requests[0]!.gone).toBe(false);
      await requests[0]!.write("slowly();\n");
      await settle();
      expect(asked).toEqual([["file:///src/a.ts", 4, trigger]]);
      expect(await ask("x = █")).toMatchObject({ suggestion: { text: "slowly();", source: "cache" } });
      expect(requests).toHaveLength(1);
    });

  test("is joined by what is typed meanwhile, each key with its own wait", async () => {
    const { ask, requests, settle, clock, grown } = await answered("automatic");
    const typed = ask("x = s█");
    await settle();
    await clock.pass(1000);
    await requests[0]!.write("slowly();\n");
    expect(outcome(await typed)).toEqual({ shown: "lowly();" });
    expect(grown).toHaveLength(1); // at the first place, where the editor sees that the cursor has left
    expect(requests).toHaveLength(1);
  });
});

test("a block whose first line comes late is shown with it, and again when it is whole", async () => {
  const { completer, requests, settle } = driven();
  const { ask, clock, grown } = bench(completer);
  const early = ask("function f() {█\n}");
  await settle();
  await clock.pass(5000);
  expect(outcome(await early)).toEqual({ nothing: "no-answer" });
  await requests[0]!.write("\n  one();\n  tw");
  expect(grown).toHaveLength(1);
  expect(outcome(await ask("function f() {█\n}"))).toEqual({ shown: "\n  one();" });
  await requests[0]!.write("o();\n}\n");
  await settle();
  expect(grown).toHaveLength(2);
  expect(outcome(await ask("function f() {█\n}"))).toEqual({ shown: "\n  one();\n  two();" });
  expect(requests).toHaveLength(1);
});

test("a question that the editor cancels is over at once", async () => {
  const { completer, settle } = driven();
  const { ask } = bench(completer);
  const abort = new AbortController();
  const answer = ask("x = █", { signal: abort.signal });
  await settle();
  abort.abort();
  expect(outcome(await answer)).toEqual({ nothing: "superseded" });
});

test("so is one that waits when all ends", async () => {
  const { completer, settle } = driven();
  const { ask, pipeline } = bench(completer);
  const answer = ask("x = █");
  await settle();
  pipeline.dispose();
  expect(outcome(await answer)).toEqual({ nothing: "superseded" });
});
