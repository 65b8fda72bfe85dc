import { describe, expect, test } from "vitest";
import type { PipelineSettings } from "../../../engine/complete/index.ts";
import { type Ask, bench, driven, outcome, scripted } from "../support/pipeline.ts";

const lines = (name: string, count: number) =>
  Array.from({ length: count }, (_, i) => `const ${name}${i} = list[${i}] + other;\n`).join("");
const ABOVE = lines("above", 40);
const BELOW = lines("below", 40);
const PLACE = `${ABOVE}x = █\n${BELOW}`;

/** A suggestion that was given at PLACE, and what a second question is answered from. */
async function secondSource(marked: string, more: Ask = {}, change: Partial<PipelineSettings> = {}) {
  const completer = scripted(["foo(1);", "\n"]);
  const settings: Partial<PipelineSettings> = {};
  const { ask } = bench(completer, settings);
  expect(outcome(await ask(PLACE))).toEqual({ shown: "foo(1);" });
  Object.assign(settings, change);
  const answer = await ask(marked, more);
  return answer.kind === "show" ? answer.suggestion.source : answer.silence.id;
}

describe("a kept answer is not given where the model would see another text", () => {
  for (const [what, marked, more, change] of [
    ["a name 800 characters above is another", PLACE.replace("above17 ", "renamed17 ")],
    ["the first line of the file is another", PLACE.replace("above0 ", "renamed0 ")],
    ["a line is new far above", `import a;\n${PLACE}`],
    ["a name 800 characters below is another", PLACE.replace("below22 ", "renamed22 ")],
    ["the file ends with another line", `${PLACE}last();\n`],
    ["the place is another that looks the same", `${ABOVE}x = \n${BELOW}${ABOVE}x = █\n${BELOW}`],
    ["the language is another", PLACE, { languageId: "javascript" }],
    ["the document's path is another", PLACE, { path: "src/b.ts" }],
    ["tabs are another width", PLACE, { indentation: { tabSize: 4, insertSpaces: true } }],
    ["tabs are wanted", PLACE, { indentation: { tabSize: 2, insertSpaces: false } }],
    ["a line is wanted, no blocks", PLACE, {}, { multiline: "never" }],
    ["blocks are wanted", PLACE, {}, { multiline: "always" }],
    ["blocks may have fewer lines", PLACE, {}, { maxLines: 3 }],
    ["comments are not wanted", PLACE, {}, { inComments: false }],
    ["another file is excluded", PLACE, {}, { exclude: ["**/b.ts"] }],
  ] as [string, string, Ask?, Partial<PipelineSettings>?][])
    test(what, async () => {
      expect(await secondSource(marked, more, change)).toBe("model");
    });

  test("this file is excluded, or its language turned off", async () => {
    expect(await secondSource(PLACE, {}, { exclude: ["**/*.ts"] })).toBe("excluded");
    expect(await secondSource(PLACE, {}, { languages: { "*": false } })).toBe("language-off");
  });

  test("other files are read again", async () => {
    const completer = scripted(["foo(1);", "\n"]);
    completer.prepare = async () => ({ computedTokens: 1, whole: true });
    let text = "first();";
    const context = { chunks: () => [{ path: "b.ts", text }] };
    const { ask, clock } = bench(completer, {}, { context });
    await ask("x = █\ny = 1;\n");
    await ask("x = \ny = 1;\n█");
    text = "second();";
    clock.jump(31_000);
    await clock.pass(400);
    expect(await ask("x = █\ny = 1;\n")).toMatchObject({ suggestion: { source: "model" } });
    expect(completer.requests.at(-1)!.prompt.context).toEqual([{ path: "b.ts", text }]);
  });

  test("though what is on the screen stays while it is typed, when other files are read again", async () => {
    const completer = scripted(["foo(1);", "\n"]);
    completer.prepare = async () => ({ computedTokens: 1, whole: true });
    let text = "first();";
    const { ask, clock } = bench(completer, {}, { context: { chunks: () => [{ path: "b.ts", text }] } });
    await ask("x = █");
    text = "second();";
    clock.jump(31_000);
    await clock.pass(400);
    expect(await ask("x = fo█")).toMatchObject({ suggestion: { text: "o(1);", source: "typed-through" } });
  });

  test("nor does a decode that runs go on for it", async () => {
    const { completer, requests, settle } = driven();
    const { ask } = bench(completer);
    void ask(PLACE);
    await settle();
    await requests[0]!.write("fo");
    void ask(PLACE.replace("above17 ", "renamed17 ").replace("█", "f█"));
    await settle();
    await settle();
    expect(requests).toHaveLength(2);
    expect(requests[1]!.prompt.prefix).toContain("renamed17 ");
  });

  test("nor a prompt whose suffix is another by now", async () => {
    const completer = scripted(["foo(1);", "\n"]);
    const { ask } = bench(completer);
    await ask(PLACE);
    await ask(PLACE.replace("below22 ", "renamed22 "));
    const { suffix } = completer.requests[1]!.prompt;
    expect(suffix).not.toContain("below22 ");
  });
});

describe("a kept answer is given", () => {
  for (const [what, marked, source] of [
    ["at the same place", PLACE, "cache"],
    ["while it is typed", PLACE.replace("█", "foo█"), "typed-through"],
    ["where the editor has closed a bracket", PLACE.replace("█", "foo(█)"), "typed-through"],
  ] as const)
    test(what, async () => {
      expect(await secondSource(marked)).toBe(source);
    });

  test("after a deletion and the same text again", async () => {
    const completer = scripted(["foo(1);", "\n"]);
    const { ask } = bench(completer);
    await ask(PLACE);
    await ask(PLACE.replace("x = ", "x"));
    await ask(PLACE);
    expect(completer.requests).toHaveLength(2);
  });

  test("when settings change that answers do not depend on", async () => {
    const change = { timeLimitMs: 100, eagerness: "eager", snoozedUntilMs: 1 } as const;
    expect(await secondSource(PLACE, {}, change)).toBe("cache");
  });

  test("in a long file, as the window that the model sees moves on", async () => {
    const long = "const value = compute(1, 2, 3);\n".repeat(6000);
    const head = long.slice(0, 5 * 32_768 + 60); // here the window's start moves
    const start = head.slice(0, head.lastIndexOf("\n") + 1);
    const completer = scripted(["foo(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);", "\n"]);
    const { ask } = bench(completer);
    await ask(`${start}x = █\n${long}`);
    const text = "foo(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);";
    for (let typed = 1; typed < text.length; typed += 3) {
      if (/\w/.test(text[typed]!)) continue;
      const answer = await ask(`${start}x = ${text.slice(0, typed)}█\n${long}`);
      expect(answer, `${typed}`).toMatchObject({ suggestion: { source: "typed-through" } });
    }
    expect(completer.requests).toHaveLength(1);
  });
});

test("a line that fills the window is before and after the cursor, as far as the window goes", async () => {
  const completer = scripted(["foo(1);", "\n"]);
  const { ask } = bench(completer);
  const line = "a + ".repeat(50_000);
  await ask(`short();\nx = █ ${line}\nlast();\n`, { trigger: "invoked" });
  expect(completer.requests[0]!.prompt.suffix.length).toBeGreaterThan(30_000);
});
