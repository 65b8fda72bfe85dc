import { describe, expect, test } from "vitest";
import { createAnchors } from "../../../engine/complete/text/anchors.ts";
import { cursorTextAt } from "../../../engine/complete/text/cursor_text.ts";
import type { PromptParts } from "../../../engine/contract/index.ts";
import { createTypedTexts, type TypedPrompt } from "../../../engine/generate/typed_texts.ts";
import { createTokenizer } from "../../../engine/text/index.ts";
import { miniVocabulary } from "../../fixtures/text/vocabularies.ts";
import { seededRandom } from "../../reference/random.ts";
import { testSeed } from "../../reference/seed.ts";

const mini = createTokenizer(await miniVocabulary());
const utf8 = new TextDecoder();

/** The prompt's text after its last control token: what the model continues. */
function middleOf({ prompt, unsettled }: TypedPrompt): string {
  const start = prompt.ids.lastIndexOf(mini.fim!.middle!) + 1;
  const bytes = prompt.ids.slice(start).flatMap((id) => [...mini.bytes(id)]);
  return utf8.decode(Uint8Array.from([...bytes, ...unsettled]));
}

const parts = (middle: string, more: Partial<PromptParts> = {}): PromptParts => ({
  path: "a.ts",
  prefix: "import x;\n",
  suffix: "\n}\n",
  context: [],
  middle,
  ...more,
});

const wide = (length: number) => "value = other + 1; ".repeat(length).slice(0, length);

describe("a prompt fits, and ends with what is before the cursor", () => {
  const cases: Record<string, PromptParts> = {
    "12 lines of 140 characters": parts(`${`${wide(139)}\n`.repeat(12)}x = `),
    "14 lines of 80 characters": parts(`${`${wide(79)}\n`.repeat(14)}x = `),
    "a line of 12,000 characters three lines above": parts(`${wide(12_000)}\na();\nb();\nx = `),
    "a line of 12,000 letters just above": parts(`${"x".repeat(12_000)}\n`),
    "the cursor's own line of 12,000 characters": parts(wide(12_000)),
    "a word of 12,000 letters": parts(`x = "${"QUJD".repeat(3000)}`),
    "a word of 900 letters of three bytes": parts(`// ${"漢字".repeat(450)}`),
    "900 emoji": parts(`x = "${"😀".repeat(900)}`),
    "12,000 spaces": parts(`x = ${" ".repeat(12_000)}`),
    "a prefix of one line of 12,000": parts("x = ", { prefix: `${wide(12_000)}\n` }),
    "a suffix of one line of 12,000": parts("x = ", { suffix: wide(12_000) }),
    "a path of 12,000": parts("x = ", {
      path: "p/".repeat(6000),
      context: [{ path: "b.ts", text: "b();\n" }],
    }),
    "context of 12,000": parts("x = ", { context: [{ path: wide(12_000), text: wide(12_000) }] }),
  };
  for (const [what, text] of Object.entries(cases))
    test(what, () => {
      for (const budget of [4, 8, 32, 352, 4096]) {
        const typed = createTypedTexts(mini, budget).at(text);
        expect(typed.prompt.ids.length, `${budget}`).toBeLessThanOrEqual(budget);
        expect(typed.unsettled.length, `${budget}`).toBeLessThanOrEqual(
          Math.max(7, Math.min(96, budget / 4)),
        );
        expect(text.middle.endsWith(middleOf(typed)), `${budget}`).toBe(true);
        if (budget >= 352) expect(typed.prompt.ids.length, `${budget}`).toBeGreaterThan(9);
      }
    });
});

test("of the lines above, as many as fit are in the prompt", () => {
  const above = Array.from({ length: 12 }, (_, i) => `line${i}(${wide(130)});\n`);
  const { prompt } = createTypedTexts(mini, 352).at(parts(`${above.join("")}x = `));
  const text = mini.decode(prompt.ids, { special: true });
  expect(text).toContain("line11(");
  expect(text).toContain("line8(");
  expect(prompt.ids.length).toBeGreaterThan(250);
});

describe("typing on", () => {
  /** Types `text` key by key; how often what was read before the middle had to be read again. */
  function rereads(budget: number, start: PromptParts, text: string): number {
    const texts = createTypedTexts(mini, budget);
    let before: readonly number[] = [];
    let count = 0;
    let middle = start.middle;
    for (const character of text) {
      middle += character;
      const typed = texts.at({ ...start, middle });
      const { ids } = typed.prompt;
      expect(ids.length).toBeLessThanOrEqual(budget);
      expect(middle.endsWith(middleOf(typed))).toBe(true);
      const shared = ids.findIndex((id, at) => id !== before[at]);
      if (before.length - (shared === -1 ? ids.length : shared) > 24) count++;
      before = ids;
    }
    return count;
  }

  test("in a full prompt moves the cuts seldom: not at each key, nor at each tenth", () => {
    const lines = `${wide(79)}\n`.repeat(14);
    expect(rereads(352, parts(""), lines)).toBeLessThan(lines.length / 60);
    expect(rereads(352, parts(lines), lines)).toBeLessThan(lines.length / 60);
  });

  test("a word without end moves them no more often", () => {
    const word = "QUJDREVGR0hJ".repeat(80);
    expect(rereads(352, parts('x = "'), word)).toBeLessThan(word.length / 40);
  });

  test("never fails in any file, at any cursor, in any context (random)", () => {
    const seed = testSeed();
    const random = seededRandom(seed);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
    const word = () =>
      pick([
        () => "value",
        () => " = ",
        () => "();",
        () => "\n",
        () => "\n\t",
        () => "\n    ",
        () => "漢字かな".repeat(1 + Math.floor(random() * 40)),
        () => "👩‍👩‍👧😀".repeat(1 + Math.floor(random() * 30)),
        () => "\t".repeat(Math.floor(random() * 60)),
        () => "aGVsbG8".repeat(1 + Math.floor(random() * 200)),
        () => wide(Math.floor(random() * 2000)),
        () => "e\u0301\u0302",
        () => "<|fim_middle|>",
        () => "\ud800",
      ])();
    for (let run = 0; run < 25; run++) {
      const budget = pick([4, 12, 32, 96, 352, 1000]);
      const texts = createTypedTexts(mini, budget);
      const anchors = createAnchors(() => 0);
      let document = Array.from({ length: Math.floor(random() * 60) }, word).join("");
      let cursor = [...document].slice(0, Math.floor(random() * document.length)).join("").length;
      for (let step = 0; step < 12; step++) {
        const where = `seed ${seed}, run ${run}, step ${step}, budget ${budget}`;
        const cursorText = cursorTextAt({ uri: "a", text: document } as never, cursor);
        const prompt = anchors.promptAt(cursorText, "a.ts", () => [{ path: "b.ts", text: word() }]);
        const typed = texts.at(prompt);
        expect(typed.prompt.ids.length, where).toBeLessThanOrEqual(budget);
        expect(typed.prompt.base!, where).toBeLessThanOrEqual(typed.prompt.ids.length);
        const wellFormed = utf8.decode(new TextEncoder().encode(cursorText.before));
        expect(wellFormed.endsWith(middleOf(typed)), where).toBe(true);
        if (random() < 0.5) typed.drew(mini.encode("value", { special: false })[0]!);
        const text = random() < 0.2 ? "" : word();
        const kept = random() < 0.2 ? Math.max(0, cursor - 2) : cursor;
        document = document.slice(0, kept) + text + document.slice(cursor);
        cursor = kept + text.length;
      }
    }
  });
});
