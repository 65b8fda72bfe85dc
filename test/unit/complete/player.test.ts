import { describe, expect, test } from "vitest";
import { DEFAULT_SETTINGS } from "../../../engine/complete/index.ts";
import type { Keystroke } from "../../../engine/complete/replay/keystrokes.ts";
import { type PlayOptions, playTrace } from "../../../engine/complete/replay/player.ts";
import {
  parseRecording,
  type TypingEvent,
  type TypingRecording,
  traceHeader,
  traceLine,
} from "../../../engine/complete/replay/recording.ts";
import { createVirtualClock } from "../../../engine/complete/replay/virtual_clock.ts";
import type { Completer, GenerationCost } from "../../../engine/contract/index.ts";

import { UserError } from "../../../engine/errors/index.ts";

const COST: GenerationCost = {
  promptTokens: 100,
  computedTokens: 7,
  promptMs: 1,
  tokens: 0,
  decodeMs: 1,
  drafted: 0,
  accepted: 0,
};

/** Writes what follows `middle` in one of the lines, character by character; says what it costs with each. */
function knowing(...lines: readonly string[]): Completer & { streams: number } {
  const completer = {
    streams: 0,
    async *complete({ prompt }: Parameters<Completer["complete"]>[0]) {
      completer.streams++;
      const head = prompt.middle.slice(prompt.middle.lastIndexOf("\n") + 1);
      const rest = lines.find((line) => line.startsWith(head))?.slice(head.length) ?? "";
      let tokens = 0;
      for (const text of `${rest}\n`) {
        await new Promise((resolve) => setImmediate(resolve));
        yield { text, logProbability: -0.01, cost: { ...COST, tokens: ++tokens } };
      }
      return { reason: "end" as const, ...COST, tokens };
    },
  };
  return completer;
}

/** Keys 300 ms apart at the end of `text`: `⌫` deletes, `⇥TEXT` accepts, `⎘TEXT` pastes, others are typed. */
function typed(text: string, keys: readonly string[], more: readonly TypingEvent[] = []): TypingRecording {
  const uri = "a.ts";
  const events: TypingEvent[] = [
    { type: "open", at: 0, uri, path: uri, languageId: "typescript", text, tabSize: 2, insertSpaces: true },
  ];
  let cursor = text.length;
  for (const [index, key] of keys.entries()) {
    const at = (index + 1) * 300;
    const deletes = key === "⌫";
    const inserted = deletes ? "" : key.replace(/^[⇥⎘]/u, "");
    const from = cursor - (deletes ? 1 : 0);
    const changes = [{ offset: from, removed: deletes ? 1 : 0, inserted }];
    events.push({ type: "change", at, uri, version: index + 1, changes });
    if (key.startsWith("⇥")) events.push({ type: "accept", at, uri, cursor, text: inserted });
    cursor = from + inserted.length;
    events.push({ type: "ask", at, uri, cursor, trigger: "automatic" });
  }
  return parseRecording(traceHeader({}) + [...events, ...more].map(traceLine).join(""), "typed.jsonl");
}

const play = (trace: TypingRecording, completer: Completer, more: Partial<PlayOptions> = {}) =>
  playTrace(trace, { completer, settings: () => ({ ...DEFAULT_SETTINGS, speculate: false }), ...more });

const brief = ({ kind, matched, shown, silence, streams, computedTokens, promptTokens }: Keystroke) => ({
  kind,
  matched,
  screen: shown ?? `(${silence})`,
  tokens: `${streams}: ${computedTokens} of ${promptTokens}`,
});
const ofTheModel = "1: 7 of 100";
const free = "0: 0 of 0";

describe("what a keystroke was, and what it cost", () => {
  test("typing into the suggestion costs nothing, leaving it costs a stream", async () => {
    const { keystrokes, summary } = await play(typed("", ["f", "o", "o", "x"]), knowing("foobar", "foox1"));
    expect(keystrokes.map(brief)).toEqual([
      { kind: "typed", matched: null, screen: "oobar", tokens: ofTheModel },
      { kind: "typed", matched: true, screen: "obar", tokens: free },
      { kind: "typed", matched: true, screen: "bar", tokens: free },
      { kind: "typed", matched: false, screen: "1", tokens: ofTheModel },
    ]);
    expect(summary).toMatchObject({
      keystrokes: 4,
      computedTokens: { p50: 7, p95: 7, max: 7, n: 4 },
      wholePromptTokens: { p50: 100, max: 100 },
      matched: { n: 2, withoutModel: 1 },
      streams: 2,
      decodedTokens: 6 + 2,
      shownPer100Keys: 100,
      uncountedStreams: 0,
    });
  });

  test("an accept counts as one only where the suggestion says the same", async () => {
    const same = await play(typed("", ["f", "⇥oobar"]), knowing("foobar"));
    expect(same.keystrokes.map(({ kind }) => kind)).toEqual(["typed", "accepted"]);
    const other = await play(typed("", ["f", "⇥oobar"]), knowing("f(1)"));
    expect(other.keystrokes.map(({ kind, matched }) => [kind, matched])).toEqual([
      ["typed", null],
      ["pasted", false],
    ]);
  });

  test("deleting and pasting are told from typing", async () => {
    const { keystrokes } = await play(typed("", ["f", "⌫", "⎘if (x) {}", "\n  "]), knowing());
    expect(keystrokes.map(({ kind }) => kind)).toEqual(["typed", "deleted", "pasted", "typed"]);
  });

  test("the bracket that the editor closes is not part of what was typed", async () => {
    const uri = "a.ts";
    const trace = parseRecording(
      traceHeader({}) +
        [
          {
            type: "open",
            at: 0,
            uri,
            path: uri,
            languageId: "typescript",
            text: "",
            tabSize: 2,
            insertSpaces: true,
          },
          { type: "change", at: 100, uri, version: 1, changes: [{ offset: 0, removed: 0, inserted: "f" }] },
          { type: "ask", at: 100, uri, cursor: 1, trigger: "automatic" },
          { type: "change", at: 500, uri, version: 2, changes: [{ offset: 1, removed: 0, inserted: "()" }] },
          { type: "ask", at: 500, uri, cursor: 2, trigger: "automatic" },
        ]
          .map((event) => traceLine(event as TypingEvent))
          .join(""),
      "pair.jsonl",
    );
    const { keystrokes } = await play(trace, knowing("f(a, b);"));
    expect(keystrokes[1]).toMatchObject({ matched: true, streams: 0, shown: "a, b);" });
  });

  test("the first key after a jump tells how far it was; a question without a change is no keystroke", async () => {
    const uri = "a.ts";
    const text = "\n".repeat(40);
    const events = [
      { type: "change", at: 1000, uri, version: 2, changes: [{ offset: 10, removed: 0, inserted: "f" }] },
      { type: "ask", at: 1000, uri, cursor: 11, trigger: "automatic" },
      { type: "ask", at: 1500, uri, cursor: 11, trigger: "invoked" },
      { type: "change", at: 2000, uri, version: 3, changes: [{ offset: 11, removed: 0, inserted: "o" }] },
    ] as const;
    const { keystrokes, summary } = await play(typed(text, ["f"], events), knowing());
    expect(keystrokes.map(({ kind, jumpedLines, line }) => [kind, jumpedLines, line])).toEqual([
      ["typed", null, 41],
      ["jumped", -30, 11],
      ["asked", null, 11],
      ["typed", null, 11],
    ]);
    expect(keystrokes.at(-1)).toMatchObject({ silence: "not-asked", streams: 0 });
    expect(summary.keystrokes).toBe(3);
    expect(summary.jumps.computedTokens.n).toBe(1);
  });

  test("what is computed ahead is counted apart", async () => {
    const prepared: string[] = [];
    const completer: Completer = {
      ...knowing("foobar", "next"),
      async prepare({ middle }) {
        prepared.push(middle);
        return { computedTokens: 11, whole: true };
      },
    };
    const pause = typed("", ["f"], [{ type: "cursor", at: 2000, uri: "a.ts", cursor: 1 }]);
    const { keystrokes, summary } = await play(pause, completer, { settings: () => DEFAULT_SETTINGS });
    expect(keystrokes[0]).toMatchObject({ streams: 1, computedTokens: 7, idle: { streams: 1 } });
    expect(summary.idle.computedTokens).toBe(7 + 11 * prepared.length);
    expect(summary.computedTokens.max).toBe(7);
  });

  test("each keystroke is told, in order, once", async () => {
    const told: Keystroke[] = [];
    const { keystrokes } = await play(typed("", ["f", "o", "x"]), knowing("foo"), {
      onKey: (key) => told.push(key),
    });
    expect(told).toEqual(keystrokes);
  });
});

describe("virtual time", () => {
  test("two runs are the same but for real time, however long the model takes", async () => {
    const trace = typed("const a = 1;\n", [..."function f() {", "⌫", "⌫", ..."x = [1];"]);
    const slow = knowing("function f(a) {", "x = [2];");
    const complete: Completer["complete"] = async function* (request) {
      for await (const delta of slow.complete(request)) {
        await new Promise((resolve) => setTimeout(resolve, 3));
        yield delta;
      }
      return undefined;
    };
    const bare = (keystrokes: readonly Keystroke[]) => keystrokes.map((key) => ({ ...key, latencyMs: null }));
    const first = await play(trace, knowing("function f(a) {", "x = [2];"));
    const again = await play(trace, knowing("function f(a) {", "x = [2];"));
    const later = await play(trace, { complete });
    expect(bare(again.keystrokes)).toEqual(bare(first.keystrokes));
    expect(bare(later.keystrokes)).toEqual(bare(first.keystrokes));
  });

  test("a pause of an hour is over at once", async () => {
    const hour: TypingEvent = { type: "dismiss", at: 3_600_000, uri: "a.ts" };
    expect((await play(typed("", ["f"], [hour]), knowing("foo"))).keystrokes).toHaveLength(1);
  });

  test("timers run in the order in which they are due, and the clock shows their time", () => {
    const { clock, startMs, step } = createVirtualClock();
    const ran: [name: string, ms: number][] = [];
    const note = (name: string) => () => ran.push([name, clock.now() - startMs]);
    clock.setTimeout(note("late"), 30);
    clock.setTimeout(note("early"), 10);
    clock.setTimeout(note("early, second"), 10);
    clock.clearTimeout(clock.setTimeout(note("never"), 5));
    while (step(startMs + 20));
    expect(ran).toEqual([
      ["early", 10],
      ["early, second", 10],
    ]);
    expect(clock.now() - startMs).toBe(20);
  });
});

describe("in real time", () => {
  test("events come at their own times, divided by the speed", async () => {
    const started = performance.now();
    const { keystrokes } = await play(typed("", ["f", "o"]), knowing("foobar"), { speed: 4 });
    expect(performance.now() - started).toBeGreaterThan(600 / 4);
    expect(keystrokes.map(({ kind }) => kind)).toEqual(["typed", "typed"]);
    expect(keystrokes.some(({ latencyMs }) => latencyMs !== null)).toBe(true);
  });
});

describe("what goes wrong", () => {
  test("a stream that stops is an error, and names the place", async () => {
    const stuck: Completer = {
      async *complete() {
        await new Promise(() => {});
        return undefined;
      },
    };
    const playing = play(typed("", ["f"]), stuck, { patienceMs: 50 });
    await expect(playing).rejects.toThrow(UserError);
    await expect(playing).rejects.toThrow(
      /nothing for 0\.05 s at \d+ ms of typed\.jsonl: play it with a smaller model/,
    );
  });

  test("the model's own error ends the playing", async () => {
    const failing: Completer = {
      // biome-ignore lint/correctness/useYield: it never gets there
      async *complete() {
        throw new UserError({ code: "file-missing", problem: "There is no model", advice: "choose one" });
      },
    };
    await expect(play(typed("", ["f"]), failing)).rejects.toThrow("There is no model: choose one.");
  });
});
