import { describe, expect, test } from "vitest";
import type { Answer } from "../../../engine/complete/index.ts";
import { seededRandom } from "../../reference/random.ts";
import { testSeed } from "../../reference/seed.ts";
import { bench, driven, outcome, scripted } from "../support/pipeline.ts";

const idOf = (answer: Answer): number => (answer.kind === "show" ? answer.suggestion.id : -1);
const DISMISSED = { nothing: "dismissed" };
const FILLER = Array.from({ length: 40 }, (_, i) => `const line${i} = list[${i}] + other;\n`).join("");

/** A suggestion that was shown at a place and dismissed there. */
async function dismissed(marked: string, deltas = ["foo(1);", "\n"]) {
  const completer = scripted(deltas);
  const all = bench(completer);
  const first = await all.ask(marked);
  expect(outcome(first)).toEqual({ shown: deltas[0] });
  all.pipeline.dismissed(idOf(first));
  return { ...all, completer };
}

describe("a dismissed suggestion stays away", () => {
  test("at its place, where the model is not asked again", async () => {
    const { ask, completer } = await dismissed("x = █");
    for (let n = 0; n < 3; n++) expect(outcome(await ask("x = █"))).toEqual(DISMISSED);
    expect(completer.requests).toHaveLength(1);
  });

  test("after two of its characters were typed, and after they are deleted again", async () => {
    const { ask, pipeline, completer } = bench2();
    const first = await ask("x = █");
    const second = await ask("x = fo█");
    expect(idOf(second)).toBe(idOf(first));
    pipeline.dismissed(idOf(second));
    for (const marked of ["x = fo█", "x = f█", "x = █", "x = foo(█", "x = foo(█)"])
      expect(outcome(await ask(marked)), marked).toEqual(DISMISSED);
    expect(completer.requests).toHaveLength(1);
  });

  test("when the cursor was elsewhere meanwhile, or the text was another for a while", async () => {
    const { ask } = await dismissed("x = █\ny = 2;\n");
    expect(outcome(await ask("x = \ny = 2;\n█"))).toEqual({ shown: "foo(1);" });
    expect(outcome(await ask("x = █\ny = 2;\n"))).toEqual(DISMISSED);
    expect(outcome(await ask("x = b█\ny = 2;\n"))).toEqual({ shown: "foo(1);" });
    expect(outcome(await ask("x = █\ny = 2;\n"))).toEqual(DISMISSED);
  });

  test("when it is forgotten, and the model gives the same answer again", async () => {
    const { ask, pipeline } = await dismissed("x = █");
    pipeline.forget();
    expect(outcome(await ask("x = █"))).toEqual(DISMISSED);
  });

  test("where a suggestion of the place before reaches it", async () => {
    const { ask, pipeline } = bench(scripted([" foo(1);", "\n"]));
    expect(outcome(await ask("x =█"))).toEqual({ shown: " foo(1);" });
    const typed = await ask("x = █");
    pipeline.dismissed(idOf(typed));
    expect(outcome(await ask("x = █"))).toEqual(DISMISSED);
  });

  test("when something is edited far above or far below", async () => {
    const { ask } = await dismissed(`${FILLER}x = █\n${FILLER}`);
    expect(outcome(await ask(`import a;\n${FILLER}x = █\n${FILLER}`))).toEqual(DISMISSED);
    expect(outcome(await ask(`${FILLER}x = █\n${FILLER}last();\n`))).toEqual(DISMISSED);
    expect(outcome(await ask(`import a;\n${FILLER}x = █\n${FILLER}last();\n`))).toEqual(DISMISSED);
  });

  test("when the block has grown meanwhile: the editor is not even asked", async () => {
    const { completer, requests, settle } = driven();
    const { ask, pipeline, clock, grown } = bench(completer, { timeLimitMs: 100 });
    const early = ask("function f() {█\n}");
    await settle();
    await requests[0]!.write("\n  one();\n  tw");
    await clock.pass(100);
    pipeline.dismissed(idOf(await early));
    await requests[0]!.write("o();\n}\n");
    await settle();
    expect(grown).toEqual([]);
    expect(outcome(await ask("function f() {█\n}"))).toEqual(DISMISSED);
    expect(outcome(await ask("function f() {\n  one();█\n}"))).not.toMatchObject({
      shown: expect.anything(),
    });
  });

  test("and nothing is computed ahead of it", async () => {
    const { completer, requests, settle } = driven();
    const { ask, pipeline, clock } = bench(completer, { speculate: true });
    const first = ask("x = █");
    await settle();
    await requests[0]!.write("1;\n");
    const shown = await first;
    pipeline.shown(idOf(shown));
    pipeline.dismissed(idOf(shown));
    await clock.pass(5000);
    expect(requests).toHaveLength(1);
  });

  test("at every part of it, in any order of typing and deleting (random)", async () => {
    const seed = testSeed();
    const random = seededRandom(seed);
    const text = "items.map((item) => item);";
    for (let round = 0; round < 20; round++) {
      const { ask, pipeline } = bench(scripted([text, "\n"]));
      const at = Math.floor(random() * 3);
      await ask("all = █");
      const shown = await ask(`all = ${text.slice(0, at)}█`);
      pipeline.dismissed(idOf(shown));
      for (let step = 0; step < 10; step++) {
        const typed = Math.floor(random() * (text.length - 1));
        const answer = outcome(await ask(`all = ${text.slice(0, typed)}█`));
        expect(answer, `seed ${seed}, round ${round}, typed ${typed}`).toEqual(DISMISSED);
      }
    }
  });

  function bench2() {
    const completer = scripted(["foo(1);", "\n"]);
    return { ...bench(completer), completer };
  }
});

describe("a suggestion may come again", () => {
  test("where the text is another", async () => {
    const { ask } = await dismissed("x = █");
    expect(outcome(await ask("x = b█"))).toEqual({ shown: "foo(1);" });
    expect(outcome(await ask("x =█"))).toEqual({ shown: "foo(1);" });
    expect(outcome(await ask("y = 1;\nx = █"))).toEqual({ shown: "foo(1);" });
    expect(outcome(await ask("x = █\ny = 1;"))).toEqual({ shown: "foo(1);" });
  });

  test("at another place that looks the same", async () => {
    const twice = (first: string, second: string) =>
      `${FILLER}x = ${first}\n${FILLER}x = ${second}\n${FILLER}`;
    const { ask } = await dismissed(twice("█", ""));
    expect(outcome(await ask(twice("", "█")))).toEqual({ shown: "foo(1);" });
    expect(outcome(await ask(twice("█", "")))).toEqual(DISMISSED);
  });

  test("in another document", async () => {
    const { ask } = await dismissed("x = █");
    expect(outcome(await ask("x = █", { path: "src/b.ts" }))).toEqual({ shown: "foo(1);" });
  });

  test("when the user asks, and stays while it is typed", async () => {
    const { ask } = await dismissed("x = █");
    expect(outcome(await ask("x = █", { trigger: "invoked" }))).toEqual({ shown: "foo(1);" });
    expect(outcome(await ask("x = █"))).toEqual({ shown: "foo(1);" });
    expect(outcome(await ask("x = foo(█)"))).toEqual({ shown: "1);" });
  });
});
