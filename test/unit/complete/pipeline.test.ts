import { describe, expect, test } from "vitest";
import type { Answer, PipelineSettings } from "../../../engine/complete/index.ts";
import type { PromptParts } from "../../../engine/contract/index.ts";
import { sentenceOf, UserError } from "../../../engine/errors/index.ts";
import { seededRandom } from "../../reference/random.ts";
import { testSeed } from "../../reference/seed.ts";
import { bench, driven, outcome, scripted } from "../support/pipeline.ts";

describe("typing into a suggestion", () => {
  test("asks the model nothing, and what is left keeps its id, however much of it is typed (random)", async () => {
    const seed = testSeed();
    const random = seededRandom(seed);
    for (let round = 0; round < 60; round++) {
      const text = ["items.map((item) => item.name);", "a + b", "f(x)[0].y", "'it is'"][round % 4]!;
      const completer = scripted([text, "\n"]);
      const { ask } = bench(completer);
      const first = await ask("const all = █\nreturn all;");
      expect(outcome(first), `seed ${seed}`).toEqual({ shown: text });
      const id = first.kind === "show" ? first.suggestion.id : -1;
      for (let typed = 0; typed < text.length - 1; ) {
        // Forwards mostly, back now and then.
        typed = Math.max(
          0,
          Math.min(text.length - 1, typed + (random() < 0.2 ? -2 : 1 + Math.floor(random() * 3))),
        );
        const answer = await ask(`const all = ${text.slice(0, typed)}█\nreturn all;`);
        if (answer.kind === "nothing") {
          expect(["mid-word"], `seed ${seed}`).toContain(answer.silence.id);
          continue;
        }
        expect(answer.suggestion, `seed ${seed}`).toMatchObject({ id, text: text.slice(typed) });
      }
      expect(completer.requests).toHaveLength(1);
    }
  });

  test("the closing bracket that the editor adds is covered by the rest", async () => {
    const { ask } = bench(scripted(["call(a, b);", "\n"]));
    await ask("x = █");
    const answer = await ask("x = call(█)");
    expect(answer).toMatchObject({ kind: "show", suggestion: { text: "a, b);", start: 9, end: 10 } });
  });

  test("at its end nothing is asked, and nothing shown", async () => {
    const completer = scripted(["1 + 2;", "\n"]);
    const { ask } = bench(completer);
    await ask("x = █");
    expect(outcome(await ask("x = 1 + 2;█"))).toEqual({ nothing: "complete" });
    expect(completer.requests).toHaveLength(1);
  });

  test("other text than it says makes a new request", async () => {
    const completer = scripted(["alpha;", "\n"]);
    const { ask } = bench(completer);
    await ask("x = █");
    await ask("x = b█");
    expect(completer.requests).toHaveLength(2);
  });

  test("in another document the same place is another place", async () => {
    const completer = scripted(["alpha;", "\n"]);
    const { ask } = bench(completer);
    await ask("x = █");
    await ask("x = █", { path: "src/b.ts" });
    expect(completer.requests).toHaveLength(2);
  });
});

describe("a decode that runs", () => {
  test("is started once for questions that come in one turn, the last of them", async () => {
    const { completer, requests, settle } = driven();
    const { ask } = bench(completer);
    const first = ask("x = █");
    const second = ask("y = █");
    await settle();
    expect(requests.map(({ prompt }) => prompt.middle)).toEqual(["y = "]);
    await requests[0]!.write("1;\n");
    expect(outcome(await first)).toEqual({ nothing: "superseded" });
    expect(outcome(await second)).toEqual({ shown: "1;" });
  });

  test("is joined by what agrees with it, and serves the rest", async () => {
    const { completer, requests, settle } = driven();
    const { ask } = bench(completer);
    const first = ask("x = █");
    await settle();
    await requests[0]!.write("foo");
    const second = ask("x = fo█");
    await settle();
    await requests[0]!.write("(1);\n");
    expect(outcome(await first)).toEqual({ nothing: "superseded" });
    expect(await second).toMatchObject({ suggestion: { text: "o(1);", source: "attached" } });
    expect(requests).toHaveLength(1);
  });

  test("is joined by what is ahead of it, until it says otherwise", async () => {
    const { completer, requests, settle } = driven();
    const { ask } = bench(completer);
    void ask("x = █");
    await settle();
    await requests[0]!.write("f");
    const ahead = ask("x = foo█");
    await settle();
    await requests[0]!.write("oo(2);\n");
    expect(outcome(await ahead)).toEqual({ shown: "(2);" });
    expect(requests).toHaveLength(1);
  });

  test("is ended at once by what diverges from it, and only by that", async () => {
    const { completer, requests, settle } = driven();
    const { ask } = bench(completer);
    void ask("x = █");
    await settle();
    await requests[0]!.write("foo");
    expect(requests[0]!.gone).toBe(false);
    const other = ask("x = bar█");
    await settle();
    await settle();
    expect(requests[0]!.gone).toBe(true);
    expect(requests).toHaveLength(2);
    await requests[1]!.write("();\n");
    expect(outcome(await other)).toEqual({ shown: "();" });
  });

  test("hands the rest of what it wrote on to the next one, where that was typed into, for drafts", async () => {
    const { completer, requests, settle } = driven();
    const { ask } = bench(completer);
    void ask("x = █");
    await settle();
    await requests[0]!.write("foo(1, 2)");
    void ask("x = foO█");
    await settle();
    await settle();
    expect(requests.map(({ ghost }) => ghost)).toEqual([undefined, "o(1, 2)"]);
    void ask("y = █");
    await settle();
    await settle();
    expect(requests[2]?.ghost, "another place").toBeUndefined();
  });

  test("continues when the editor cancels its request, and serves the next one", async () => {
    const { completer, requests, settle } = driven();
    const { ask } = bench(completer);
    const abort = new AbortController();
    const first = ask("x = █", { signal: abort.signal });
    await settle();
    abort.abort();
    await requests[0]!.write("foo();\n");
    expect(outcome(await first)).toEqual({ nothing: "superseded" });
    expect(await ask("x = █")).toMatchObject({ suggestion: { text: "foo();", source: "cache" } });
    expect(requests).toHaveLength(1);
  });

  test("of several lines is shown as far as it is whole when its time is over, and tells when it has grown", async () => {
    const { completer, requests, settle } = driven();
    const { ask, clock, grown } = bench(completer, { timeLimitMs: 100 });
    const early = ask("function f() {█\n}");
    await settle();
    await requests[0]!.write("\n  one();\n  tw");
    await clock.pass(100);
    const answer = await early;
    expect(outcome(answer)).toEqual({ shown: "\n  one();" });
    await requests[0]!.write("o();\n");
    await requests[0]!.end();
    expect(grown).toEqual([["file:///src/a.ts", 14]]);
    const again = await ask("function f() {█\n}");
    expect(outcome(again)).toEqual({ shown: "\n  one();\n  two();" });
    const id = (it: typeof again) => (it.kind === "show" ? it.suggestion.id : undefined);
    expect(id(again)).toBe(id(answer));
    expect(requests).toHaveLength(1);
  });

  test("whose first line takes too long is a silence, and is shown when it is there", async () => {
    const { completer, requests, settle } = driven();
    const { ask, clock, grown } = bench(completer, { timeLimitMs: 100 });
    const early = ask("x = █");
    await settle();
    await requests[0]!.write("slow");
    await clock.pass(100);
    expect(outcome(await early)).toEqual({ nothing: "still-writing" });
    await requests[0]!.write("ly();\n");
    await settle();
    expect(grown).toHaveLength(1);
    expect(outcome(await ask("x = █"))).toEqual({ shown: "slowly();" });
  });
});

describe("what is not shown, and why", () => {
  const cases: [
    why: string,
    marked: string,
    ask: Parameters<ReturnType<typeof bench>["ask"]>[1],
    settings: object,
  ][] = [
    ["disabled", "x = █", {}, { enabled: false }],
    ["language-off", "x = █", { languageId: "markdown" }, {}],
    ["excluded", "KEY=█", { path: ".env.local", languageId: "dotenv" }, {}],
    ["excluded", "x = █", { path: "config/secrets/a.ts" }, {}],
    ["read-only", "x = █", { readOnly: true }, {}],
    ["several-cursors", "x = █", { cursors: 2 }, {}],
    ["selection", "x = █", { selectionIsEmpty: false }, {}],
    ["snoozed", "x = █", {}, { snoozedUntilMs: 2_000_000 }],
    ["manual", "x = █", {}, { trigger: "manual" }],
    ["mid-line", "x = █ + y", {}, {}],
    ["mid-word", "x = fo█o", { trigger: "invoked" }, {}],
    ["long-line", `${"x".repeat(1001)}█`, {}, {}],
  ];
  for (const [why, marked, asked, settings] of cases)
    test(`${why}: the model is not asked, and the sentence says what to do: ${marked.slice(0, 20)}`, async () => {
      const completer = scripted(["a;", "\n"]);
      const { ask } = bench(completer, settings);
      const answer = await ask(marked, asked);
      expect(outcome(answer)).toEqual({ nothing: why });
      expect(answer.kind === "nothing" && sentenceOf(answer.silence)).toMatch(/^[A-Z].*\.$/);
      expect(completer.requests).toEqual([]);
    });

  test("closing brackets, quotes and what may follow them do not count as the middle of a line", async () => {
    for (const rest of [")", "))", "]);", '")', " {", "):", ");", "'", "`", ") {", "}"]) {
      const { ask } = bench(scripted(["a", "\n"]));
      expect(outcome(await ask(`f(█${rest}`)), rest).not.toEqual({ nothing: "mid-line" });
    }
  });

  test("what is invoked passes the gates of taste, not those of safety", async () => {
    const quiet = { trigger: "manual", snoozedUntilMs: 2_000_000, languages: { "*": false } } as const;
    const { ask } = bench(scripted(["a;", "\n"]), quiet);
    expect(outcome(await ask("x = █", { trigger: "invoked" }))).toEqual({ shown: "a;" });
    const secret = bench(scripted(["a;", "\n"]), quiet);
    expect(outcome(await secret.ask("x = █", { trigger: "invoked", path: "a.pem" }))).toEqual({
      nothing: "excluded",
    });
  });

  test("an unsure suggestion is held back, and shown to the eager and to those who ask", async () => {
    const unsure = async (eagerness: "balanced" | "eager", trigger: "automatic" | "invoked") => {
      const { completer, requests, settle } = driven();
      const answer = bench(completer, { eagerness }).ask("x = █", { trigger });
      await settle();
      await requests[0]!.write("maybe;", -1.7);
      await requests[0]!.write("\n", -1.7);
      await requests[0]!.end();
      return outcome(await answer);
    };
    expect(await unsure("balanced", "automatic")).toEqual({ nothing: "low-confidence" });
    expect(await unsure("eager", "automatic")).toEqual({ shown: "maybe;" });
    expect(await unsure("balanced", "invoked")).toEqual({ shown: "maybe;" });
  });

  test("a dismissed suggestion does not come back by itself at its place", async () => {
    const { ask, pipeline } = bench(scripted(["a;", "\n"]));
    const first = await ask("x = █");
    pipeline.dismissed(first.kind === "show" ? first.suggestion.id : 0);
    expect(outcome(await ask("x = █"))).toEqual({ nothing: "dismissed" });
    expect(outcome(await ask("x = █", { trigger: "invoked" }))).toEqual({ shown: "a;" });
  });

  test("what the user can mend is said in the engine's own sentence", async () => {
    const { completer, requests, settle } = driven();
    const answer = bench(completer).ask("x = █");
    await settle();
    await requests[0]!.fail(
      new UserError({ code: "file-missing", problem: "mini.gguf is not there", advice: "choose a model" }),
    );
    const { silence } = (await answer) as Answer & { kind: "nothing" };
    expect(silence).toMatchObject({ id: "engine-error", code: "file-missing" });
    expect(sentenceOf(silence)).toBe("mini.gguf is not there: choose a model.");
  });
});

describe("the suggest widget's row", () => {
  test("is extended, over its own range", async () => {
    const { ask } = bench(scripted(["gth - 1;", "\n"]));
    const answer = await ask("n = list.len█", { intellisense: { start: 9, end: 12, text: "length" } });
    expect(answer).toMatchObject({ suggestion: { text: "length - 1;", start: 9, end: 12 } });
  });

  test("is left alone by what does not begin with it", async () => {
    const { ask } = bench(scripted(["gthen();", "\n"]));
    const answer = await ask("n = list.len█", { intellisense: { start: 9, end: 12, text: "lens" } });
    expect(outcome(answer)).toEqual({ nothing: "intellisense" });
  });
});

describe("computing ahead", () => {
  test("the line after an accepted one is ready before it is asked for", async () => {
    const { completer, requests, settle } = driven();
    const { ask, pipeline, clock } = bench(completer, { speculate: true });
    const first = ask("  x = █");
    await settle();
    await requests[0]!.write("1;\n");
    const shown = await first;
    pipeline.shown(shown.kind === "show" ? shown.suggestion.id : 0);
    await clock.pass(50);
    expect(requests).toHaveLength(2);
    expect(requests[1]).toMatchObject({ priority: "speculative" });
    expect(requests[1]!.prompt.middle).toMatch(/x = 1;\n {2}$/);
    await requests[1]!.write("y = 2;");
    await requests[1]!.end();
    expect(outcome(await ask("  x = 1;█"))).toEqual({ nothing: "complete" });
    expect(await ask("  x = 1;\n  █")).toMatchObject({ suggestion: { text: "y = 2;", source: "cache" } });
    expect(requests).toHaveLength(2);
  });

  test.each([
    [{ tabSize: 4, insertSpaces: true }, "    "],
    [{ tabSize: 3, insertSpaces: true }, "   "],
    [{ tabSize: 8, insertSpaces: false }, "\t"],
  ])("after what opens a block, by one level as the editor indents (%j)", async (indentation, unit) => {
    const { completer, requests, settle } = driven();
    const { ask, pipeline, clock } = bench(completer, { speculate: true });
    const first = ask(`${unit}for (const a of b) █`, { indentation });
    await settle();
    await requests[0]!.write("{\n");
    const shown = await first;
    pipeline.shown(shown.kind === "show" ? shown.suggestion.id : 0);
    await clock.pass(50);
    expect(requests[1]!.prompt.middle.endsWith(`for (const a of b) {\n${unit}${unit}`)).toBe(true);
  });

  test("is given up for any other question, and not done in eco", async () => {
    const { completer, requests, settle } = driven();
    const { ask, pipeline, clock } = bench(completer, { speculate: true });
    const first = ask("x = █");
    await settle();
    await requests[0]!.write("1;\n");
    const shown = await first;
    pipeline.shown(shown.kind === "show" ? shown.suggestion.id : 0);
    await clock.pass(50);
    void ask("y = █");
    await settle();
    await settle();
    expect(requests[1]!.gone).toBe(true);
    expect(requests).toHaveLength(3);

    const eco = bench(scripted(["1;", "\n"]), { speculate: true, profile: "eco" });
    const answer = await eco.ask("x = █");
    eco.pipeline.shown(answer.kind === "show" ? answer.suggestion.id : 0);
    expect(eco.clock.pending).toBe(0);
  });
});

describe("a pause", () => {
  const long = Array.from({ length: 90 }, (_, i) => `line(${i});\n`).join("");
  const below = `\n${long}`;
  const above = (typed: string) => `x = ${typed}█${below}`;
  /** A completer that can read ahead, and is asked about the end of a file and then its start: the anchor moves in haste. */
  async function jumped(settings: Partial<PipelineSettings> = {}) {
    const completer = scripted(["a;", "\n"]);
    const prepared: PromptParts[] = [];
    let whole = true;
    completer.prepare = async (prompt) => {
      prepared.push(prompt);
      return { computedTokens: 1, whole };
    };
    const { ask, clock } = bench(completer, settings);
    await ask(`${long}█${below}`);
    await ask(above(""));
    return {
      ask,
      clock,
      prepared,
      requests: completer.requests,
      interrupt: () => (whole = false),
      calm: () => (whole = true),
    };
  }

  test("is used to prefill the prompt that the next requests extend", async () => {
    const { ask, clock, prepared, requests } = await jumped();
    expect(requests.at(-1)!.prompt.suffix.length).toBeLessThan(below.length);
    await clock.pass(399);
    expect(prepared).toHaveLength(0);
    await clock.pass(1);
    expect(prepared).toEqual([{ ...requests.at(-1)!.prompt, suffix: below }]);
    await ask(above("b"));
    expect(requests.at(-1)!.prompt).toEqual({ ...prepared[0], middle: "x = b" });
    await clock.pass(5000);
    expect(prepared).toHaveLength(1);
  });

  test("that a higher-priority request preempts is used again later; until then the old prompt serves", async () => {
    const { ask, clock, prepared, requests, interrupt, calm } = await jumped();
    const hasty = requests.at(-1)!.prompt;
    interrupt();
    await clock.pass(400);
    await ask(above("b"));
    expect(requests.at(-1)!.prompt).toEqual({ ...hasty, middle: "x = b" });
    calm();
    await clock.pass(400);
    expect(prepared).toHaveLength(2);
    await ask(above("bc"));
    expect(requests.at(-1)!.prompt.suffix).toBe(below);
  });

  test("that comes while another place is still read serves the place where the user is", async () => {
    const completer = scripted(["a;", "\n"]);
    const reads: { readonly prompt: PromptParts; readonly end: (whole: boolean) => void }[] = [];
    completer.prepare = (prompt) =>
      new Promise((resolve) => reads.push({ prompt, end: (whole) => resolve({ computedTokens: 1, whole }) }));
    const { ask, clock } = bench(completer);
    const jump = async (path: string) => {
      await ask(`${long}█${below}`, { path });
      await ask(above(""), { path });
    };
    await jump("a.ts");
    await clock.pass(400);
    await jump("b.ts");
    await clock.pass(400);
    expect(reads).toHaveLength(1);
    reads[0]!.end(false); // the questions about b.ts have interrupted it
    await clock.pass(400);
    expect(reads).toHaveLength(2);
    expect(reads[1]!.prompt.path).toBe("b.ts");
  });

  test("is left alone in eco, and where completions are closed", async () => {
    for (const settings of [{ profile: "eco" }, { exclude: ["**/*.ts"] }, { enabled: false }] as const) {
      const { clock, prepared } = await jumped(settings);
      await clock.pass(5000);
      expect(prepared).toEqual([]);
    }
  });
});

test("the delay is none after an opening bracket, some at a line's end, more inside a word; a newer question supersedes", async () => {
  for (const [marked, delayMs] of [
    ["f(█", 0],
    ["  █", 0],
    ["return █", 0],
    ["f();█", 40],
    ["nam█", 90],
  ] as const) {
    const completer = scripted(["a", "\n"]);
    const { ask, clock } = bench(completer, { delay: "adaptive" });
    const answer = ask(marked);
    await clock.pass(Math.max(0, delayMs - 1));
    if (delayMs > 0) expect(completer.requests, marked).toEqual([]);
    await clock.pass(1);
    expect(completer.requests, marked).toHaveLength(1);
    await answer;
  }
  const completer = scripted(["a", "\n"]);
  const { ask, clock } = bench(completer, { delay: "adaptive" });
  const first = ask("nam█");
  await clock.pass(50);
  const second = ask("name█");
  await clock.pass(200);
  expect(outcome(await first)).toEqual({ nothing: "superseded" });
  await second;
  expect(completer.requests).toHaveLength(1);
});

test("traces tell the line and column, the prompt's parts, times and drafts of the last 100 questions", async () => {
  const { ask, pipeline } = bench(scripted(["a;", "\n"]));
  await ask("one\r\ntwo\r\n  x = █");
  expect(pipeline.traces().at(-1)).toMatchObject({
    line: 3,
    column: 7,
    trigger: "automatic",
    source: "model",
    outcome: { kind: "shown", text: "a;" },
    prompt: { middleCharacters: 14, prefixCharacters: 0, suffixCharacters: 0 },
    stoppedBy: "line-end",
  });
  for (let n = 0; n < 120; n++) await ask(`x${n} = █`);
  expect(pipeline.traces()).toHaveLength(100);
});

test("an answer on a file of 1 MB looks at a window of it", async () => {
  const lines = "const value = compute(1, 2, 3);\n".repeat(32_000);
  const completer = scripted(["a;", "\n"]);
  const { ask } = bench(completer);
  await ask(`${lines}x = █\n${lines}`);
  const { prefix, suffix, middle } = completer.requests[0]!.prompt;
  expect(prefix.length + suffix.length + middle.length).toBeLessThan(200_000);
  expect(prefix.startsWith("const value")).toBe(true);
});
