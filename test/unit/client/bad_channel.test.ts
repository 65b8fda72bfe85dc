import { describe, expect, test } from "vitest";
import type { FromEngine } from "../../../engine/contract/index.ts";
import { testSeed } from "../../reference/seed.ts";
import { badChannelSeries } from "../../torture/bad_channel.ts";
import { bench, done, read, settle, text } from "./bench.ts";

test("over a bad channel, with crashes, no text is lost, mixed or delivered twice, and nothing is left behind", async () => {
  const seed = testSeed();
  const sum = { messages: 0, malformed: 0, lost: 0, crashes: 0, whole: 0, sentences: 0, left: 0 };
  for (let series = 0; series < 150; series++) {
    const tally = await badChannelSeries(seed + series);
    for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += tally[key];
  }
  // The series had something to bear, and most of what was asked came.
  expect(sum.crashes).toBeGreaterThan(50);
  expect(sum.malformed).toBeGreaterThan(500);
  expect(sum.lost).toBeGreaterThan(100);
  expect(sum.whole).toBeGreaterThan(3 * sum.sentences);
  expect(sum.left).toBeGreaterThan(20);
});

describe("a message that never comes, while nobody types", () => {
  type Event = Extract<FromEngine, { kind: "event" }>["event"];

  /** A completion whose request has arrived, on a clock that the test turns. */
  async function asked() {
    const it = bench();
    const reader = read(it);
    it.last().say({ kind: "hello" });
    await settle();
    const ids = () =>
      it
        .last()
        .requests()
        .map(({ id }) => id);
    const say = (id: number, events: readonly Event[], from = 0) => {
      for (const [index, event] of events.entries())
        it.last().say({ kind: "event", id, nth: from + index, event });
    };
    /** Seconds pass, in each of which the process says how many events it has said of which request. */
    const pulses = async (count: number, ...said: readonly (readonly [id: number, events: number])[]) => {
      for (let n = 0; n < count; n++) {
        await it.clock.pass(1000);
        it.last().say({ kind: "pulse", pulse: { waiting: false, returned: n, patienceMs: 10_000 }, said });
      }
      await settle();
    };
    return { ...it, reader, ids, say, pulses };
  }

  const whole = [text("ab"), text("cd"), done];

  for (const [what, heard, said] of [
    ["the request", [], undefined],
    ["a text in the midst", [0, 2], 3],
    ["a text, and the process is done", [0, 2], undefined],
    ["the end", [0, 1], undefined],
    ["all that was said", [], 3],
  ] as const)
    test(`${what}: the request runs once more, and its text comes once and whole`, async () => {
      const { reader, ids, say, pulses, last, logs, client } = await asked();
      const [first = 0] = ids();
      for (const nth of heard) say(first, [whole[nth]!], nth);
      const known = said === undefined ? [] : [[first, said] as const];
      await pulses(4, ...known);
      expect(ids(), "it may still come").toEqual([first]);
      await pulses(1, ...known);
      const [, again = 0] = ids();
      expect(last().sent).toContainEqual({ kind: "cancel", id: first });
      say(first, whole.slice(1), 1); // too late
      say(again, [text("abc"), text("d"), done]);
      expect((await reader.finished).written).toBe("abcd");
      expect(logs).toEqual(["warn: messages of 1 request(s) were lost between the editor and the engine"]);
      client.dispose();
    });

  test("twice in one request: a sentence, and what came is not taken back", async () => {
    const { reader, ids, say, pulses, client } = await asked();
    say(ids()[0]!, [text("ab")]);
    await pulses(5);
    await pulses(5, [ids()[1]!, 1]);
    await expect(reader.finished).rejects.toThrow("lost, twice for this request: run");
    expect(reader.written()).toBe("ab");
    expect(ids()).toHaveLength(2);
    client.dispose();
  });

  test("what is late and not lost is waited for: each event that comes begins the wait anew", async () => {
    const { reader, ids, say, pulses, client } = await asked();
    const [first = 0] = ids();
    for (const [nth, event] of whole.entries()) {
      await pulses(4, [first, 3]);
      say(first, [event], nth);
    }
    expect((await reader.finished).written).toBe("abcd");
    expect(ids()).toEqual([first]);
    client.dispose();
  });

  test("a request that waits for its turn for minutes is let wait", async () => {
    const { reader, ids, say, pulses, client } = await asked();
    const [first = 0] = ids();
    await pulses(200, [first, 0]);
    say(first, whole);
    expect((await reader.finished).written).toBe("abcd");
    expect(ids()).toEqual([first]);
    client.dispose();
  });

  test("a cancellation: it is sent again while the process runs what nobody waits for", async () => {
    const { reader, ids, say, pulses, last, client } = await asked();
    const [first = 0] = ids();
    say(first, whole);
    await reader.finished;
    const other = read({ client });
    await pulses(1, [first, 9], [ids()[1]!, 0]);
    expect(last().sent.filter(({ kind }) => kind === "cancel")).toEqual([{ kind: "cancel", id: first }]);
    say(ids()[1]!, whole);
    expect((await other.finished).written).toBe("abcd");
    client.dispose();
  });
});
