import { describe, expect, test } from "vitest";
import { DEFAULT_SETTINGS, type NextEditView, type Proposal } from "../../../engine/complete/index.ts";
import { type ChangeSigns, changeReason } from "../../../extension/edit_log/change_reason.ts";
import { drawingOf, type ScreenFacts } from "../../../extension/next_edit/drawing.ts";
import { insertionAt } from "../../../extension/next_edit/ghost.ts";
import { type OffSigns, whyOff } from "../../../extension/next_edit/why_off.ts";
import { wordChanges } from "../../../extension/next_edit/word_changes.ts";
import { nextEditRow } from "../../../extension/status/why_text.ts";
import { seededRandom } from "../../reference/random.ts";

describe("how a document came to be changed", () => {
  const typed: ChangeSigns = {
    by: undefined,
    isOurs: false,
    isActive: true,
    isAtSelection: true,
    isDirty: true,
    count: 1,
  };
  const cases: readonly [string, Partial<ChangeSigns>, ReturnType<typeof changeReason>][] = [
    ["typed at the cursor: its shape tells", {}, undefined],
    ["undo and redo", { by: "undo" }, "undo"],
    ["redo of what is elsewhere", { by: "redo", isAtSelection: false }, "redo"],
    ["the edit that we asked for", { isOurs: true, isAtSelection: false }, "accepted"],
    ["an agent in a document that nobody looks at", { isActive: false }, "bulk"],
    ["an import that IntelliSense adds at the top", { isAtSelection: false }, "format"],
    ["Git has changed the file", { isAtSelection: false, isDirty: false }, "reload"],
    ["several places at once: their shape tells", { isAtSelection: false, count: 2 }, undefined],
  ];
  test.each(cases)("%s", (_, signs, reason) => {
    expect(changeReason({ ...typed, ...signs })).toBe(reason);
  });
});

describe("ghost text", () => {
  const place = (old: string, fresh: string) => ({ start: 10, old, fresh });
  const cases: readonly [string, string, number, string, string | undefined][] = [
    ["timeout", "timeoutMs", 17, ");", "Ms"],
    ["timeout", "timeoutMs", 10, "timeout);", undefined], // it would come behind what is there
    ["b", "ab", 10, "b);", "a"],
    ["x)", "x, y)", 11, ")", ", y"],
    ["", "whole line", 10, "", "whole line"],
    ["timeout", "delay", 10, "timeout", undefined],
    ["aa", "aaa", 12, "", "a"],
    ["{", "{\n  a();", 11, "", "\n  a();"],
    ["{", "{\n  a();", 11, " rest", undefined], // the rest of the line would move below
    ["timeout", "timeoutMs", 30, "", undefined],
    ["abc", "ab", 12, "c", undefined],
  ];
  test.each(cases)("%j to %j with the cursor at %i before %j: %j", (old, fresh, cursor, rest, text) => {
    expect(insertionAt(place(old, fresh), cursor, rest)).toBe(text);
  });
});

const proposal: Proposal = {
  uri: "file:///a.ts",
  start: 100,
  end: 107,
  old: "timeout",
  fresh: "delayMs",
  line: 41,
  lastLine: 41,
  source: "repeat",
};
const shown = (more: Partial<Proposal> = {}, tab: "jump" | "accept" = "jump"): NextEditView => ({
  kind: "shown",
  proposal: { ...proposal, ...more },
  tab,
});
const facts: ScreenFacts = {
  uri: "file:///a.ts",
  cursorLine: 3,
  wordWrap: false,
  isGhost: false,
  key: "Tab",
};

describe("what is drawn", () => {
  test("far off: the place, what comes behind its line, the way behind the cursor's line, and a sentence", () => {
    expect(drawingOf(shown(), facts)).toEqual({
      removed: [{ start: 100, end: 107 }],
      grown: [],
      fresh: [{ line: 41, text: "→ delayMs" }],
      hint: { line: 3, text: "Tab → line 42" },
      gutter: { line: 41, lastLine: 41 },
      hover: "**Foretype: next edit**\n\n```diff\n- timeout\n+ delayMs\n```",
      sentence: "Next edit, line 42: “timeout” becomes “delayMs”. Tab goes there, Escape refuses it.",
    });
  });

  const cases: readonly [string, NextEditView, Partial<ScreenFacts>, object][] = [
    [
      "at the cursor",
      shown({}, "accept"),
      { cursorLine: 41, key: "Ctrl+Alt+Enter" },
      { hint: { line: 41, text: "Ctrl+Alt+Enter" }, fresh: [{ line: 41, text: "→ delayMs" }] },
    ],
    ["with word wrap nothing behind a far line", shown(), { wordWrap: true }, { fresh: [] }],
    [
      "with word wrap the key says what comes",
      shown({}, "accept"),
      { wordWrap: true, cursorLine: 41 },
      { fresh: [], hint: { line: 41, text: "Tab: delayMs" } },
    ],
    [
      "text that only grows is not struck out",
      shown({ fresh: "timeoutMs" }),
      {},
      { removed: [], grown: [{ start: 100, end: 107 }], fresh: [{ line: 41, text: "→ timeoutMs" }] },
    ],
    [
      "a deletion",
      shown({ fresh: "" }, "accept"),
      { cursorLine: 41 },
      { fresh: [], hint: { text: "Tab: delete" }, sentence: /“timeout” is deleted/ },
    ],
    [
      "of several lines what goes and what comes, each in its own",
      shown({ old: "a\nb", fresh: "a\nc\nd", lastLine: 42 }, "accept"),
      { cursorLine: 41 },
      {
        removed: [{ start: 102, end: 103 }],
        fresh: [{ line: 42, text: "→ c ⏎ d" }],
        hint: { text: "Tab" },
        gutter: { line: 41, lastLine: 42 },
      },
    ],
    [
      "several lines, with word wrap, are counted",
      shown({ old: "a\nb", fresh: "a\nc\nd", lastLine: 42 }, "accept"),
      { cursorLine: 41, wordWrap: true },
      { fresh: [], hint: { text: "Tab: 3 lines" } },
    ],
    [
      "ghost text needs nothing beside it but the mark",
      shown({ fresh: "timeoutMs" }, "accept"),
      { isGhost: true },
      { removed: [], grown: [], fresh: [], hint: undefined, gutter: { line: 41, lastLine: 41 } },
    ],
    [
      "another file",
      shown({ uri: "file:///b%20c.ts" }),
      {},
      { removed: [], grown: [], gutter: undefined, hint: { text: "Tab → b c.ts, line 42" } },
    ],
    [
      "characters that are not seen have names, and Markdown is none",
      shown({ fresh: "a\u202eb`````\n# c" }),
      {},
      { hover: /⟨U\+202E⟩b`{5}\n\+ # c\n`{6}$/, sentence: /a⟨U\+202E⟩b`{5} ⏎ # c/ },
    ],
    [
      "a long text is cut",
      shown({ fresh: "x".repeat(500) }),
      {},
      { fresh: [{ line: 41, text: `→ ${"x".repeat(79)}…` }] },
    ],
  ];
  test.each(cases)("%s", (_, view, more, expected) => {
    const nothing = { hint: undefined, gutter: undefined };
    expect({ ...nothing, ...drawingOf(view, { ...facts, ...more }) }).toMatchObject(matching(expected));
  });

  test("a silence is not drawn", () => {
    const silence = { id: "waiting", problem: "" };
    expect(drawingOf({ kind: "none", follows: false, silence }, facts)).toBeUndefined();
  });
});

/** Patterns stand for texts that fit them. */
const matching = (expected: object): object =>
  Object.fromEntries(
    Object.entries(expected).map(([key, value]) => [
      key,
      value instanceof RegExp
        ? expect.stringMatching(value)
        : value && typeof value === "object" && !Array.isArray(value)
          ? matching(value)
          : value,
    ]),
  );

describe("what goes and what comes, by words", () => {
  // In the old text, what goes is in [ ], what grows in ( ); behind a line, what comes.
  const drawn = (old: string, fresh: string): string => {
    const changes = wordChanges(old, fresh);
    const marks = [
      ...changes.removed.flatMap(({ start, end }) => [[start, "["] as const, [end, "]"] as const]),
      ...changes.grown.flatMap(({ start, end }) => [[start, "("] as const, [end, ")"] as const]),
    ].sort((a, b) => b[0] - a[0]);
    const marked = marks.reduce((text, [at, mark]) => text.slice(0, at) + mark + text.slice(at), old);
    const lines = marked.split("\n");
    for (const { line, text } of changes.fresh) lines[line] += ` → ${text}`;
    return lines.join(" / ");
  };
  test.each([
    ["total(a);\nreturn a;", "sum(a);\nreturn b;", "[total](a); → sum / return [a]; → b"],
    ["use(a, b);\nkeep();", "use(a, b, c);\nkeep();", "use(a, b); → , c / keep();"],
    ["one();\ntwo();\nthree();", "one();\nthree();", "one(); / [two();] / three();"],
    ["one();\nthree();", "one();\ntwo();\nthree();", "one(); → ⏎ two(); / three();"],
    ["f(a);", "for (const x of xs) {\n  g(x);\n}", "[f(a);] → for (const x of xs) { ⏎ g(x); ⏎ }"],
    ["  return a;\n  x();", "  return round(b, 2);\n  x();", "  return [a]; → round(b, 2) /   x();"],
    ["  x(1);\n  keep();", "  keep();", "  [x(1);] /   keep();"],
    ["a = b;", "aa = bb;", "(a) = (b); → aa = bb;"],
    [
      "  return both * 2;\n  x();",
      "  return round(both + extra) * 2;\n  x();",
      "  return both * 2; → return round(both + extra) * 2; /   x();",
    ],
    [
      `  const first = of(${"a, ".repeat(30)}last);`,
      `  const second = of(${"a, ".repeat(30)}end);`,
      `  const [first] = of(${"a, ".repeat(30)}[last]); → … second = of(${"a, ".repeat(30)}end …`,
    ],
    ["x(1);\ny(2);", "", "[x(1);] / [y(2);]"],
    ["", "z();", " → z();"],
    ["größe = 1;\r\nb;", "größe = 2;\r\nb;", "größe = [1];\r → 2 / b;"],
  ])("%j to %j: %s", (old, fresh, expected) => expect(drawn(old, fresh)).toBe(expected));

  test("over random edits what goes and what stays is all of the old text, in order", () => {
    const random = seededRandom(7);
    const word = () => ["a", "b", "(", ")", " ", "\n", "cc", ";"][Math.floor(random() * 8)]!;
    const text = () => Array.from({ length: Math.floor(random() * 20) }, word).join("");
    for (let run = 0; run < 500; run++) {
      const [old, fresh] = [text(), text()];
      const { removed, grown, fresh: comes } = wordChanges(old, fresh);
      const all = [...removed, ...grown].sort((a, b) => a.start - b.start);
      for (const [index, { start, end }] of all.entries()) {
        expect(start, `${JSON.stringify([old, fresh])}`).toBeGreaterThanOrEqual(all[index - 1]?.end ?? 0);
        expect(end).toBeLessThanOrEqual(old.length);
        expect(old.slice(start, end)).not.toContain("\n");
      }
      for (const { line } of comes) expect(line).toBeLessThan(old.split("\n").length);
    }
  });
});

describe("next edits are off, and the sentence says by what", () => {
  const on: OffSigns = {
    nextEdit: "repeat",
    pipeline: { ...DEFAULT_SETTINGS, snoozedUntilMs: 0 },
    document: { uri: "file:///a.ts", path: "a.ts", languageId: "typescript", readOnly: false },
    isPlain: true,
    isCopilotOn: false,
    isAsked: false,
    nowMs: 1000,
  };
  const manual = { ...on.pipeline, trigger: "manual" as const };
  const cases: readonly [string, Partial<OffSigns>, string | undefined][] = [
    ["nothing", {}, undefined],
    ["the setting", { nextEdit: "off" }, "next-edit-off"],
    ["Copilot", { isCopilotOn: true }, "copilot"],
    ["Copilot, also where the user asks", { isCopilotOn: true, isAsked: true }, "copilot"],
    ["a diff", { isPlain: false }, "no-plain-editor"],
    ["suggestions are off", { pipeline: { ...on.pipeline, enabled: false } }, "disabled"],
    ["the language", { document: { ...on.document, languageId: "markdown" } }, "language-off"],
    ["a secret file", { document: { ...on.document, path: ".env" } }, "excluded"],
    ["the snooze", { pipeline: { ...on.pipeline, snoozedUntilMs: 2000 } }, "snoozed"],
    ["the trigger", { pipeline: manual }, "manual"],
    ["the trigger, and the user asks", { pipeline: manual, isAsked: true }, undefined],
  ];
  test.each(cases)("%s", (_, signs, id) => {
    const silence = whyOff({ ...on, ...signs });
    expect(silence?.id).toBe(id);
    if (silence)
      expect(nextEditRow({ kind: "none", follows: false, silence }).label).toContain(silence.problem);
  });
});
