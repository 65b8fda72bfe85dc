import { expect, test } from "vitest";
import { replayNextEdits } from "../../../engine/cli/commands/replay_next_edits.ts";
import { type TypingEvent, traceHeader, traceLine } from "../../../engine/complete/index.ts";
import { withPrinted } from "./printed.ts";

// `foretype replay TRACE… --next-edit`.

const { printed, write } = withPrinted();

const uri = "file:///x";
const TEXT = "const timeout = 5;\nstart(timeout);\nlog(1);\nstop(timeout);\n";

/** A recording in which each change `[old, fresh]` replaces the first `old` that is left, 2 s after the one before it. */
function recording(name: string, path: string, changes: readonly (readonly [string, string])[]): string {
  const open: TypingEvent = {
    type: "open",
    at: 0,
    uri,
    path,
    languageId: "typescript",
    text: TEXT,
    tabSize: 2,
    insertSpaces: true,
  };
  const events = [open];
  let text = TEXT;
  const made: TypingEvent[] = changes.map(([old, inserted], index) => {
    const offset = text.indexOf(old);
    text = text.replace(old, inserted);
    const change = { offset, removed: old.length, inserted };
    return { type: "change", at: 2000 * (index + 1), uri, version: index + 2, changes: [change] };
  });
  return write(name, traceHeader({ title: "a rename" }) + [...events, ...made].map(traceLine).join(""));
}

test("each next edit is told with when and how long it was shown, and what was typed there afterwards", async () => {
  const file = recording("all.jsonl", "a.ts", [
    ["timeout", "delayMs"],
    ["timeout", "delayMs"],
    ["timeout", "5"],
  ]);
  await replayNextEdits([file], { json: true });
  const { traces, together } = JSON.parse(printed());
  expect(traces).toMatchObject([
    {
      name: "all.jsonl",
      title: "a rename",
      shown: [
        { path: "a.ts", line: 2, column: 7, old: "timeout", fresh: "delayMs", tab: "jump", outcome: "made" },
        {
          path: "a.ts",
          line: 4,
          column: 6,
          old: "timeout",
          fresh: "delayMs",
          tab: "jump",
          outcome: "otherwise",
        },
      ],
      counts: { shown: 2, made: 1, left: 0, otherwise: 1 },
    },
  ]);
  expect(together).toEqual({ shown: 2, made: 1, left: 0, otherwise: 1 });
  const [first, second] = traces[0].shown;
  expect(first.atMs).toBeGreaterThan(2000);
  expect(first.untilMs).toBe(4000);
  expect(second.atMs).toBeGreaterThan(4000);
  expect(second.untilMs).toBe(6000);
});

test("a table and counts; what was only shown is left as it was", async () => {
  const file = recording("one.jsonl", "a.ts", [["timeout", "delayMs"]]);
  await replayNextEdits([file, file], {});
  expect(printed().split("\n").slice(0, 2).join("\n")).toMatch(
    /^one\.jsonl: a rename\n2\.\d\d s +for \d\.\d\d s +a\.ts:2:7 +timeout → delayMs +jump +left as it was$/,
  );
  expect(printed()).toMatch(
    /\n2 shown: 0 typed there afterwards, 2 left as it was, 0 changed otherwise\.\n$/,
  );
});

test("of a secret file nothing is shown", async () => {
  await replayNextEdits([recording("secret.jsonl", "a.pem", [["timeout", "delayMs"]])], {});
  expect(printed()).toBe(
    "secret.jsonl: a rename\nNothing was shown.\n0 shown: 0 typed there afterwards, 0 left as it was, 0 changed otherwise.\n",
  );
});

test("a file that is no recording is refused in one sentence", async () => {
  const file = write("none.jsonl", "{}\n");
  await expect(replayNextEdits([file], {})).rejects.toThrow(/none\.jsonl is no typing trace/);
});
