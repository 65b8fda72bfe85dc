import { describe, expect, test } from "vitest";
import { createAnchors } from "../../../engine/complete/text/anchors.ts";
import type { CursorText } from "../../../engine/complete/text/cursor_text.ts";
import { seededRandom } from "../../reference/random.ts";
import { testSeed } from "../../reference/seed.ts";

const LINES = Array.from({ length: 80 }, (_, i) => `const line${i} = list[${i}] + other;`);
const FILE = LINES.join("\n");
/** A cursor after `column` characters of a line, in the file with changes. */
const at = (line: number, column: number, text = FILE): CursorText => {
  const cursor = text.split("\n").slice(0, line).join("\n").length + (line > 0 ? 1 : 0) + column;
  return { uri: "a", before: text.slice(0, cursor), after: text.slice(cursor), lineEnding: "\n" };
};
const type = (cursorText: CursorText, typed: string, after = cursorText.after): CursorText => ({
  ...cursorText,
  before: cursorText.before + typed,
  after,
});
const NONE = () => [];

function bench() {
  const clock = { ms: 0 };
  const anchors = createAnchors(() => clock.ms);
  return { anchors, clock, ask: (cursorText: CursorText) => anchors.promptAt(cursorText, "a.ts", NONE) };
}

describe("an anchor holds", () => {
  const first = at(40, 5);
  for (const [what, cursorText] of Object.entries({
    "what is typed": type(first, "foo(bar"),
    "lines that are typed": type(first, "foo\n  bar\n"),
    "what is deleted": { ...first, before: first.before.slice(0, -20) },
    "brackets that the editor closes": type(first, "foo(", `)${first.after}`),
    "a bracket that is typed over": type(first, "foo()"),
    "what is deleted after the cursor": { ...first, after: first.after.slice(7) },
    "the end of the line that the cursor goes to": at(40, LINES[40]!.length),
  }))
    test(`for ${what}: only the middle differs`, () => {
      const { ask } = bench();
      const before = ask(first);
      const after = ask(cursorText);
      expect({ ...after, middle: "" }).toEqual({ ...before, middle: "" });
      expect(after.prefix + after.middle).toBe(cursorText.before);
    });

  test("while text is typed and deleted on some lines (random)", () => {
    const seed = testSeed();
    const random = seededRandom(seed);
    for (let run = 0; run < 50; run++) {
      const { ask } = bench();
      const { prefix, suffix, middle } = ask(first);
      let cursorText = first;
      for (let step = 0; step < 30; step++) {
        const typed = ["x", "foo", "(", "\n", " = 1;\n"][Math.floor(random() * 5)]!;
        const longer = random() < 0.7 && cursorText.before.length - prefix.length < middle.length + 40;
        cursorText = longer
          ? type(cursorText, typed)
          : {
              ...cursorText,
              before: cursorText.before.slice(0, Math.max(prefix.length, cursorText.before.length - 4)),
            };
        expect(ask(cursorText), `seed ${seed}`).toMatchObject({ prefix, suffix });
      }
    }
  });
});

describe("a new anchor is set, in haste, with a short suffix", () => {
  const first = at(40, 5);
  for (const [what, cursorText] of Object.entries({
    "the cursor goes up": at(20, 3),
    "the cursor goes down": at(60, 3),
    "something behind it is edited": { ...first, before: first.before.replace("line3 ", "line3x ") },
    "something near the cursor has changed": { ...first, after: first.after.replace("other", "another") },
    "the head has grown long": type(first, "x\n".repeat(40)),
  }))
    test(`when ${what}`, () => {
      const { ask } = bench();
      const before = ask(first);
      const after = ask(cursorText);
      expect([after.prefix, after.suffix]).not.toEqual([before.prefix, before.suffix]);
      expect(after.prefix + after.middle).toBe(cursorText.before);
      expect(cursorText.after.startsWith(after.suffix)).toBe(true);
      expect(after.suffix.length).toBeLessThanOrEqual(400);
      expect(after.suffix.endsWith("\n")).toBe(true);
    });

  test("but the first of a document reads all that follows", () => {
    expect(bench().ask(first).suffix).toBe(first.after);
  });

  test("not by a question about what the user may do next", () => {
    const { anchors, ask } = bench();
    const before = ask(first);
    anchors.promptAt(at(10, 3), "a.ts", NONE, true);
    expect(ask(type(first, "x"))).toMatchObject({ prefix: before.prefix, suffix: before.suffix });
  });
});

describe("tidying", () => {
  test("is not for an anchor that is well", () => {
    const { anchors, ask } = bench();
    expect(anchors.tidied(at(40, 5), "a.ts", NONE)).toBeUndefined();
    ask(at(40, 5));
    expect(anchors.tidied(type(at(40, 5), "foo\nbar"), "a.ts", NONE)).toBeUndefined();
  });

  test("gives a hasty anchor its whole suffix, from when it is adopted", () => {
    const { anchors, ask } = bench();
    ask(at(40, 5));
    const hasty = ask(at(20, 3));
    const tidied = anchors.tidied(at(20, 3), "a.ts", NONE)!;
    expect(tidied.prompt.suffix).toBe(at(20, 3).after);
    expect(tidied.prompt.prefix + tidied.prompt.middle).toBe(hasty.prefix + hasty.middle);
    expect(tidied.prompt.middle.length).toBeGreaterThan(hasty.middle.length);
    expect(ask(at(20, 3))).toEqual(hasty);
    tidied.adopt();
    expect(ask(at(20, 3))).toEqual(tidied.prompt);
    expect(anchors.tidied(at(20, 3), "a.ts", NONE)).toBeUndefined();
  });

  test("moves the anchor of a head that has grown", () => {
    const { anchors, ask } = bench();
    ask(at(40, 5));
    const grown = type(at(40, 5), "x\n".repeat(20));
    const { prefix } = ask(grown);
    const tidied = anchors.tidied(grown, "a.ts", NONE)!;
    expect(tidied.prompt.prefix.startsWith(prefix)).toBe(true);
    expect(tidied.prompt.prefix.length).toBeGreaterThan(prefix.length);
    expect(tidied.prompt.prefix + tidied.prompt.middle).toBe(grown.before);
  });

  test("that comes too late changes nothing", () => {
    const { anchors, ask } = bench();
    ask(at(40, 5));
    ask(at(20, 3));
    const tidied = anchors.tidied(at(20, 3), "a.ts", NONE)!;
    const elsewhere = ask(at(60, 3));
    tidied.adopt();
    expect(ask(at(60, 3))).toEqual(elsewhere);
  });

  test("takes up other files' changes, at most every half minute", () => {
    const { anchors, clock } = bench();
    let version = 1;
    const context = () => [{ path: "b.ts", text: `version ${version}` }];
    anchors.promptAt(at(40, 5), "a.ts", context);
    version = 2;
    expect(anchors.promptAt(type(at(40, 5), "x"), "a.ts", context).context[0]!.text).toBe("version 1");
    clock.ms = 29_000;
    expect(anchors.tidied(at(40, 5), "a.ts", context)).toBeUndefined();
    clock.ms = 31_000;
    const tidied = anchors.tidied(at(40, 5), "a.ts", context)!;
    expect(tidied.prompt.context[0]!.text).toBe("version 2");
    tidied.adopt();
    version = 3;
    expect(anchors.tidied(at(40, 5), "a.ts", context)).toBeUndefined();
  });
});

test("of a long line a thousand characters may be passed, and no more are compared", () => {
  const line = Array.from({ length: 600 }, (_, i) => `${i}, `).join("");
  const text = `const list = [${line}];\n`;
  const suffixAfter = (column: number) => {
    const { ask } = bench();
    ask(at(0, 14, text));
    return ask(at(0, 14 + column, text)).suffix.length;
  };
  const whole = text.length - 14;
  expect(suffixAfter(1000)).toBe(whole);
  expect(suffixAfter(1100)).toBeLessThan(whole - 1000);
});
