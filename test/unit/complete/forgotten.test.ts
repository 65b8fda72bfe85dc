import { describe, expect, test } from "vitest";
import type { PipelineSettings } from "../../../engine/complete/index.ts";
import { bench, driven, outcome, scripted } from "../support/pipeline.ts";

const URI = "file:///src/a.ts";

describe("what was kept of the old model, or of a closed document, is forgotten", () => {
  for (const uri of [undefined, URI])
    test(`suggestions, typed through too (${uri ?? "all"})`, async () => {
      const completer = scripted(["foo(1);", "\n"]);
      const { ask, pipeline } = bench(completer);
      await ask("x = █");
      pipeline.forget(uri);
      expect(await ask("x = f█")).toMatchObject({ suggestion: { text: "foo(1);", source: "model" } });
      expect(completer.requests).toHaveLength(2);
    });

  test("a decode in flight gives no answer, and leaves none behind", async () => {
    const { completer, requests, settle } = driven();
    const { ask, pipeline, grown } = bench(completer);
    const waiting = ask("x = █");
    await settle();
    await requests[0]!.write("old");
    pipeline.forget();
    await settle();
    expect(requests).toHaveLength(2); // the question that waits asks the new model
    await requests[0]!.write("();\n");
    await requests[0]!.end();
    await requests[1]!.write("fresh();\n");
    expect(outcome(await waiting)).toEqual({ shown: "fresh();" });
    expect(outcome(await ask("x = █"))).toEqual({ shown: "fresh();" });
    expect(requests[1]!.ghost, "no draft from the old model").toBeUndefined();
    expect(grown).toEqual([]);
  });

  test("also one that ended in the same turn", async () => {
    const { completer, requests, settle } = driven();
    const { ask, pipeline } = bench(completer);
    const waiting = ask("x = █");
    await settle();
    const ended = requests[0]!.write("old();\n");
    pipeline.forget();
    await ended;
    await settle();
    await requests[1]!.write("fresh();\n");
    expect(outcome(await waiting)).toEqual({ shown: "fresh();" });
  });

  test("also one that was answered early, and grows", async () => {
    const { completer, requests, settle } = driven();
    const { ask, pipeline, clock, grown } = bench(completer, { timeLimitMs: 100 });
    const early = ask("function f() {█\n}");
    await settle();
    await requests[0]!.write("\n  one();\n  tw");
    await clock.pass(100);
    expect(outcome(await early)).toEqual({ shown: "\n  one();" });
    pipeline.forget();
    await requests[0]!.write("o();\n}\n");
    await requests[0]!.end();
    expect(grown).toEqual([]);
    void ask("function f() {█\n}");
    await settle();
    expect(requests).toHaveLength(2);
  });

  test("also one that is computed ahead, or is about to be", async () => {
    const { completer, requests, settle } = driven();
    const { ask, pipeline, clock } = bench(completer, { speculate: true });
    const shownOf = async (marked: string) => {
      const answer = ask(marked);
      await settle();
      await settle();
      await requests.at(-1)!.write("1;\n");
      const shown = await answer;
      pipeline.shown(shown.kind === "show" ? shown.suggestion.id : 0);
    };
    await shownOf("x = █");
    pipeline.forget();
    await clock.pass(5000);
    expect(requests).toHaveLength(1);

    await shownOf("y = █");
    await clock.pass(50);
    expect(requests[2]).toMatchObject({ priority: "speculative" });
    pipeline.forget();
    await requests[2]!.write("z = 3;");
    await requests[2]!.end();
    void ask("y = 1;\n█");
    await settle();
    expect(requests).toHaveLength(4);
  });

  test("a prompt that is read ahead is not adopted", async () => {
    const completer = scripted(["a;", "\n"]);
    const long = Array.from({ length: 90 }, (_, i) => `line(${i});\n`).join("");
    let finish = (_: { computedTokens: number; whole: boolean }) => {};
    const signals: (AbortSignal | undefined)[] = [];
    completer.prepare = (_, signal) => {
      signals.push(signal);
      return new Promise((resolve) => (finish = resolve));
    };
    const { ask, pipeline, clock } = bench(completer);
    await ask(`${long}█\n${long}`);
    await ask(`x = █\n${long}`);
    await clock.pass(400);
    expect(signals).toHaveLength(1);
    pipeline.forget("file:///src/other.ts");
    expect(signals[0]!.aborted).toBe(false);
    pipeline.forget(URI);
    expect(signals[0]!.aborted).toBe(true);
    finish({ computedTokens: 1, whole: true });
    await clock.pass(5000);
    expect(signals).toHaveLength(1);
  });

  test("a question about a closed document is over, and asks no model again", async () => {
    const { completer, requests, settle } = driven();
    const { ask, pipeline } = bench(completer);
    const waiting = ask("x = █");
    await settle();
    pipeline.forget(URI);
    expect(outcome(await waiting)).toEqual({ nothing: "superseded" });
    await settle();
    expect(requests).toHaveLength(1);
    expect(requests[0]!.gone).toBe(true);
  });

  test("another document's question goes on", async () => {
    const { completer, requests, settle } = driven();
    const { ask, pipeline } = bench(completer);
    const waiting = ask("x = █");
    await settle();
    pipeline.forget("file:///src/other.ts");
    await requests[0]!.write("foo();\n");
    expect(outcome(await waiting)).toEqual({ shown: "foo();" });
    expect(requests).toHaveLength(1);
  });
});

test("a decode in flight when a setting changes leaves nothing behind, and its prompt none of what is excluded now", async () => {
  const { completer, requests, settle } = driven();
  const settings: Partial<PipelineSettings> = {};
  const context = {
    chunks: () => (settings.exclude ? [] : [{ path: "secret.ts", text: "password();" }]),
  };
  const { ask } = bench(completer, settings, { context });
  void ask("x = █");
  await settle();
  await requests[0]!.write("foo");
  expect(requests[0]!.prompt.context).toHaveLength(1);
  Object.assign(settings, { exclude: ["secret.ts"] });
  void ask("x = f█");
  await settle();
  await settle();
  expect(requests).toHaveLength(2);
  expect(requests[1]!.prompt.context).toEqual([]);
  expect(requests[0]!.gone).toBe(true);
});
