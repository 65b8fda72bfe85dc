import { readdirSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import {
  applyChanges,
  parseRecording,
  type TypingEvent,
  traceHeader,
  traceLine,
} from "../../../engine/complete/replay/recording.ts";
import { UserError } from "../../../engine/errors/index.ts";
import { makeTraces } from "../../bench/traces/edits.ts";
import { seededRandom } from "../../reference/random.ts";
import { testSeed } from "../../reference/seed.ts";

const OPEN = {
  type: "open",
  at: 0,
  uri: "file:///a.ts",
  path: "a.ts",
  languageId: "typescript",
  text: "let x;\n",
  tabSize: 2,
  insertSpaces: true,
} as const;
const uri = OPEN.uri;
const written = (...events: readonly TypingEvent[]) => traceHeader({}) + events.map(traceLine).join("");

test("every kind of event is read as it was written", () => {
  const events: TypingEvent[] = [
    OPEN,
    { type: "cursor", at: 1, uri, cursor: 5 },
    { type: "change", at: 2.5, uri, version: 7, changes: [{ offset: 5, removed: 0, inserted: " = 𝒳" }] },
    { type: "ask", at: 3, uri, cursor: 10, trigger: "automatic" },
    { type: "ask", at: 3, uri, cursor: 10, trigger: "invoked" },
    { type: "accept", at: 4, uri, cursor: 5, text: " = 𝒳" },
    { type: "dismiss", at: 4, uri },
    { type: "close", at: 9, uri },
    { ...OPEN, at: 10 },
  ];
  const trace = parseRecording(
    traceHeader({ title: "t", origin: "o" }) + events.map(traceLine).join(""),
    "t.jsonl",
  );
  expect(trace.events).toEqual(events);
  expect(trace.header).toEqual({ "foretype-trace": 1, title: "t", origin: "o" });
  expect(trace.finalTexts).toEqual(new Map([[uri, OPEN.text]]));
});

test("random edits, each change on what the one before it left, end in the text that they end in", () => {
  const seed = testSeed();
  const random = seededRandom(seed);
  const below = (n: number) => Math.floor(random() * (n + 1));
  let text: string = OPEN.text;
  const events: TypingEvent[] = [OPEN];
  for (let version = 1; version < 200; version++) {
    const changes = Array.from({ length: 1 + below(2) }, () => {
      const offset = below(text.length);
      const removed = below(Math.min(4, text.length - offset));
      const change = { offset, removed, inserted: "aé\n𝒳".slice(0, below(5)) };
      text = applyChanges(text, [change]);
      return change;
    });
    events.push({ type: "change", at: version, uri, version, changes });
  }
  expect(parseRecording(written(...events), "t").finalTexts.get(uri), `seed ${seed}`).toBe(text);
});

describe("a line that cannot be played is refused, with its number", () => {
  const change = (changes: unknown, version = 1) =>
    JSON.stringify({ type: "change", at: 1, uri, version, changes });
  const wrong: readonly (readonly [what: string, lines: readonly string[], sentence: string])[] = [
    ["nothing", [""], "line 1: it is not JSON"],
    ["another header", ['{"foretype-trace":2}'], 'line 1: it is no header with "foretype-trace": 1'],
    ["a list", [written(OPEN).trim(), "[]"], "line 3: it is no JSON object"],
    [
      "an unknown event",
      [written(OPEN).trim(), '{"type":"save","at":1,"uri":"a"}'],
      'line 3: `type` is "save"',
    ],
    [
      "a document that is not open",
      [written().trim(), change([[0, 0, "a"]])],
      "line 2: file:///a.ts is not open",
    ],
    [
      "a document that is open twice",
      [written(OPEN, OPEN).trim(), "{}"],
      "line 3: file:///a.ts is open already",
    ],
    [
      "an offset outside",
      [written(OPEN).trim(), change([[8, 0, "a"]])],
      "line 3: a change ends at 8, and file:///a.ts has 7 characters",
    ],
    ["a range outside", [written(OPEN).trim(), change([[5, 3, "a"]])], "line 3: a change ends at 8"],
    [
      "an offset outside after the first change",
      [
        written(OPEN).trim(),
        change([
          [0, 7, ""],
          [1, 0, "a"],
        ]),
      ],
      "line 3: a change ends at 1, and file:///a.ts has 0 characters",
    ],
    ["a negative offset", [written(OPEN).trim(), change([[-1, 0, "a"]])], "line 3: `offset` is -1"],
    ["half a character", [written(OPEN).trim(), change([[0.5, 0, "a"]])], "line 3: `offset` is 0.5"],
    ["text that is none", [written(OPEN).trim(), change([[0, 0, 1]])], "line 3: `inserted` is 1"],
    ["no changes", [written(OPEN).trim(), change([])], "line 3: `changes` is no list"],
    ["a version that does not grow", [written(OPEN).trim(), change([[0, 0, "a"]], 0)], "line 3: version 0"],
    [
      "a cursor outside",
      [written(OPEN).trim(), JSON.stringify({ type: "ask", at: 1, uri, cursor: 9 })],
      "line 3: the cursor is at 9",
    ],
    [
      "time that goes back",
      [written({ ...OPEN, at: 5 }).trim(), JSON.stringify({ type: "close", at: 4, uri })],
      "line 3: its time is 4 ms, and the line above is at 5 ms",
    ],
    ["no time", [written(OPEN).trim(), JSON.stringify({ type: "close", uri })], "line 3: `at` is undefined"],
    [
      "a trigger that is none",
      [written(OPEN).trim(), JSON.stringify({ type: "ask", at: 1, uri, cursor: 0, trigger: "x" })],
      'line 3: `trigger` is "x"',
    ],
  ];
  for (const [what, lines, sentence] of wrong)
    test(what, () => {
      const read = () => parseRecording(`${lines.join("\n")}\n`, "t.jsonl");
      expect(read).toThrow(UserError);
      expect(read).toThrow(sentence);
      expect(read).toThrow(/^t\.jsonl is no typing trace .*: record it again\.$/);
    });
});

test("the line that a recorder was stopped in is left out", () => {
  const whole = written(OPEN, { type: "close", at: 1, uri });
  expect(parseRecording(`${whole}{"type":"op`, "t").events).toHaveLength(2);
  expect(() => parseRecording(`${whole}{"type":"op\n`, "t")).toThrow("line 4: it is not JSON");
});

test("the traces of the benchmark are what their maker makes, and small enough for the repository", () => {
  const folder = fileURLToPath(new URL("../../bench/traces/", import.meta.url));
  const names = readdirSync(folder).filter((name) => name.endsWith(".jsonl"));
  const made = makeTraces();
  expect(names.sort()).toEqual([...made.keys()].map((name) => `${name}.jsonl`).sort());
  for (const [name, lines] of made)
    expect(readFileSync(`${folder}${name}.jsonl`, "utf8") === lines, name).toBe(true);
  const bytes = names.reduce((sum, name) => sum + statSync(`${folder}${name}`).size, 0);
  expect(bytes).toBeLessThan(400_000);
});
