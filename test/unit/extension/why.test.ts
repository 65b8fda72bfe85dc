import { expect, test } from "vitest";
import { DEFAULT_SETTINGS, placeAt, type Question } from "../../../engine/complete/index.ts";
import { closedGate } from "../../../engine/complete/policy/gates.ts";
import { decisionsNear, lastSilenceAt, remedyFor, whyRow } from "../../../extension/status/why_text.ts";
import { record, silent } from "../../fixtures/extension/records.ts";

const uri = record().uri;

test("the ten decisions nearest to the cursor are listed, newest first", () => {
  const traces = Array.from({ length: 30 }, (_, i) => record({ line: i + 1, at: i }));
  const lines = decisionsNear(traces, uri, 20).map(({ last }) => last.line);
  expect(lines).toEqual([25, 24, 23, 22, 21, 20, 19, 18, 17, 16]);
});

test("other documents and what was computed ahead are not decisions here", () => {
  const traces = [
    record({ uri: "file:///other.ts" }),
    record({ trigger: "speculative" }),
    record({ line: 3 }),
  ];
  expect(decisionsNear(traces, uri, 1)).toEqual([{ last: traces[2], times: 1 }]);
});

test("the same silence on the same line is one decision", () => {
  const busy = (changes: object) => silent({ id: "superseded", problem: "You typed on" }, changes);
  const traces = [busy({ column: 1 }), busy({ column: 2 }), busy({ line: 11 }), record(), record()];
  expect(
    decisionsNear(traces, uri, 10).map(({ times, last }) => [last.outcome.kind, last.line, times]),
  ).toEqual([
    ["shown", 10, 1],
    ["shown", 10, 1],
    ["nothing", 11, 1],
    ["nothing", 10, 2],
  ]);
});

test("a row says what came of it, where, when, and what it took", () => {
  expect(whyRow({ last: record(), times: 1 }, record().at + 3000)).toEqual({
    label: "$(sparkle) Suggested “foo(bar)”",
    detail:
      "line 10:5, 3 s ago · from the model · waited 40 ms · first line after 120 ms · answered after 121 ms · 5 tokens",
  });
  const times = { ...record().times, delayMs: 0, firstLineMs: null, answeredMs: 0.4 };
  const last = silent(
    {
      id: "read-only",
      problem: "This file cannot be edited",
      advice: "suggestions are for files that can",
    },
    { times },
  );
  expect(whyRow({ last, times: 4 }, record().at)).toEqual({
    label: "$(circle-slash) This file cannot be edited",
    detail: "Suggestions are for files that can · line 10:5, just now (4 times) · answered after 0 ms",
  });
});

const question: Question = {
  document: { uri, path: "src/.env.local", languageId: "typescript", text: "", version: 1, readOnly: false },
  cursor: 0,
  trigger: "automatic",
  cursors: 1,
  selectionIsEmpty: true,
  indentation: { tabSize: 2, insertSpaces: true },
};
const view = { place: placeAt("", 0), inComment: () => false, nowMs: 1 };

test("a reason that names a setting opens that setting", () => {
  expect(remedyFor(closedGate(question, DEFAULT_SETTINGS, view)!)).toEqual([
    "workbench.action.openSettings",
    "foretype.exclude",
  ]);
  const problem = "The editor shows no inline suggestions";
  const setting = "editor.inlineSuggest.enabled";
  expect(remedyFor({ id: "inline-suggest-off", problem, setting })).toEqual([
    "workbench.action.openSettings",
    "editor.inlineSuggest.enabled",
  ]);
});

test("a reason with a command of its own runs it", () => {
  const plain = { ...question, document: { ...question.document, path: "src/a.ts" } };
  const remedy = (settings: object) =>
    remedyFor(closedGate(plain, { ...DEFAULT_SETTINGS, ...settings }, view)!);
  expect(remedy({ enabled: false })).toEqual(["foretype.toggle"]);
  expect(remedy({ languages: { "*": false } })).toEqual(["foretype.toggleLanguage"]);
  expect(remedy({ snoozedUntilMs: 5 })).toEqual(["foretype.snooze"]);
});

test("any other reason leads to the trace", () =>
  expect(remedyFor({ id: "no-text", problem: "The model had nothing to suggest here" })).toEqual([
    "foretype.showTrace",
  ]));

test("what holds at the cursor is the reason of the last question there, unless a gate gave it", () => {
  const here = { line: 7, column: 3 };
  const place = { uri, ...here };
  const error = { id: "engine-error", problem: "It failed" };
  const late = { id: "no-answer", problem: "Nothing came" };
  expect(lastSilenceAt([silent(error, here)], place)).toEqual(error);
  expect(lastSilenceAt([silent(error, here), silent(late, here)], place)).toEqual(late);
  expect(
    lastSilenceAt([silent(error, here), silent({ id: "superseded", problem: "" }, here)], place),
  ).toEqual(error);
  expect(lastSilenceAt([silent(error, here), record(here)], place)).toBeUndefined();
  expect(lastSilenceAt([silent(error, { line: 8, column: 3 })], place)).toBeUndefined();
  expect(lastSilenceAt([silent({ id: "snoozed", problem: "Asleep" }, here)], place)).toBeUndefined();
});
