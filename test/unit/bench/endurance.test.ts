import { expect, test } from "vitest";
import type { TypingEvent } from "../../../engine/complete/index.ts";
import type { ScreenText } from "../../../engine/complete/replay/player.ts";
import { applyChanges } from "../../../engine/complete/replay/recording.ts";
import { endless } from "../../bench/endurance/endless.ts";
import type { Memory } from "../../bench/endurance/memory.ts";
import { curvesOf, type Sample } from "../../bench/endurance/samples.ts";
import { lineOf } from "../../bench/plot/line.ts";
import { plotOf } from "../../bench/plot/plot.ts";
import { seededRandom } from "../../reference/random.ts";
import { testSeed } from "../../reference/seed.ts";

test("a line is found in noise, within its error, and no line where there is none", () => {
  const random = seededRandom(testSeed());
  const noisy = (slope: number) =>
    lineOf(Array.from({ length: 400 }, (_, i) => [i / 50, 100 + (slope * i) / 50 + random() - 0.5] as const));
  for (const slope of [0, 2, -0.5]) {
    const found = noisy(slope);
    expect(Math.abs(found.slope - slope)).toBeLessThan(6 * found.error);
    // 1/√12 is the deviation of the noise, and that of x 8/√12.
    expect(found.error).toBeCloseTo(1 / Math.sqrt(12) / (8 / Math.sqrt(12)) / Math.sqrt(400), 3);
  }
  const exact = lineOf([
    [0, 1],
    [1, 3],
    [2, 5],
  ]);
  expect(exact.slope).toBeCloseTo(2, 12);
  expect(exact.error).toBeCloseTo(0, 12);
  expect(exact.at0).toBeCloseTo(1, 12);
  expect(exact.explained).toBeCloseTo(1, 12);
});

test("recordings follow each other in time, in files of their own, and leave none open", () => {
  const open = { path: "a.ts", languageId: "typescript", text: "", tabSize: 2, insertSpaces: true };
  const recording = (last: number): { events: TypingEvent[] } => ({
    events: [
      { type: "open", at: 0, uri: "a.ts", ...open },
      { type: "open", at: 5, uri: "b.ts", ...open },
      { type: "close", at: 6, uri: "b.ts" },
      { type: "ask", at: last, uri: "a.ts", cursor: 0, trigger: "automatic" },
    ],
  });
  const ends: number[] = [];
  const rounds: number[] = [];
  const done: string[] = [];
  const events = [
    ...endless([recording(1000), recording(2000)], {
      goesOn: (at) => at < 10_000,
      onRecording: (at) => ends.push(at),
      onRound: (at) => rounds.push(at),
      hands: { screen: () => undefined, random: () => 0, done: (what) => done.push(what) },
    }),
  ];
  expect(done).toEqual([]); // nothing is on the screen
  expect(ends).toEqual([4000, 9000, 13_000, 18_000]);
  expect(rounds).toEqual([9000, 18_000]);
  const files = new Set<string>();
  let now = 0;
  for (const event of events) {
    expect(event.at).toBeGreaterThanOrEqual(now);
    now = event.at;
    if (event.type === "open") expect(event.path).toBe(event.uri);
    if (event.type === "open") files.add(event.uri);
    else expect(files, `${event.type} at ${now}`).toContain(event.uri);
    if (event.type === "close") files.delete(event.uri);
  }
  expect([...files]).toEqual([]);
  expect(new Set(events.map(({ uri }) => uri.split("/")[0]))).toEqual(new Set(["round0", "round1"]));
});

test("hands accept suggestions whole and in part, and undo that, or dismiss them; the recording's text is as it was", async () => {
  const open = {
    path: "a.ts",
    languageId: "typescript",
    text: "let a = 1;\n",
    tabSize: 2,
    insertSpaces: true,
  };
  const events: TypingEvent[] = [{ type: "open", at: 0, uri: "a.ts", ...open }];
  for (let i = 1; i <= 60; i++) {
    const change = { offset: 9 + i, removed: 0, inserted: "x" };
    events.push({ type: "change", at: i * 200, uri: "a.ts", version: i, changes: [change] });
    events.push({ type: "ask", at: i * 200, uri: "a.ts", cursor: 10 + i, trigger: "automatic" });
  }
  const counts: Record<string, number> = {};
  let text = "";
  let version = 0;
  let now = 0;
  let screen: ScreenText | undefined;
  const accepted: string[] = [];
  const course = endless([{ events }], {
    goesOn: (at) => at === 0,
    onRecording: () => {},
    onRound: () => {},
    hands: {
      screen: () => screen,
      random: seededRandom(testSeed()),
      done: (what) => (counts[what] = (counts[what] ?? 0) + 1),
    },
  });
  for (const event of course) {
    expect(event.at).toBeGreaterThanOrEqual(now);
    now = event.at;
    if (event.type === "open") text = event.text;
    if (event.type === "ask") screen = { uri: event.uri, cursor: event.cursor, rest: " foo(bar)" };
    if (event.type === "accept") accepted.push(event.text);
    if (event.type === "accept") expect(text.startsWith(event.text, event.cursor)).toBe(true);
    if (event.type !== "change") continue;
    screen = undefined;
    expect(event.version).toBe(++version);
    text = applyChanges(text, event.changes);
  }
  expect(text).toBe(`let a = 1;${"x".repeat(60)}\n`);
  expect(new Set(accepted)).toEqual(new Set([" foo(bar)", " foo"]));
  expect(counts.dismissed).toBeGreaterThan(0);
  expect(counts.accepted! + counts["accepted in part"]!).toBe(accepted.length);
  expect(counts.seen).toBe(59); // the last question has nothing after it
});

const samples = (mbAnHour: number): Sample[] =>
  Array.from({ length: 120 }, (_, i) => {
    const hours = i / 15;
    const memory = (heap: number, handles: number): Memory => ({
      heap,
      code: 5e6,
      external: 1e6,
      resident: 2e8,
      handles,
    });
    const wave = 1e5 * Math.sin(i);
    return {
      hours,
      round: Math.floor(i / 6),
      host: memory(20e6 + wave + mbAnHour * 1e6 * hours + Math.min(0, 5e6 * (hours - 3)), 5 + hours),
      engine: { ...memory(10e6, 3), gpu: { weights: 5e6, kv: 0, snapshots: 7e6 } },
    };
  });

test("what grows is told from what does not, and the first half is no part of it", () => {
  for (const grows of [0, 0.7]) {
    const curves = curvesOf(samples(grows));
    expect(curves.find(({ name }) => name === "engine, open")?.points[0]).toEqual([0, 3]); // no bytes
    const heap = curves.find(({ name }) => name === "host, heap")!.line!;
    expect(Math.abs(heap.slope - grows)).toBeLessThan(0.02);
    expect(heap.error).toBeLessThan(0.02);
    expect(curves.find(({ name }) => name === "host, open")!.line!.slope).toBeCloseTo(1); // handles, one an hour
    expect(curves.map(({ name }) => name)).toContain("GPU, snapshots");
    expect(curves.map(({ name }) => name)).not.toContain("GPU, kv"); // there is none
    expect(curves.find(({ name }) => name === "GPU, all")!.points[0]).toEqual([0, 12]);
  }
});

test("a plot has each curve's points inside of its panel", () => {
  const curves = curvesOf(samples(0.7));
  const svg = plotOf("8 hours <of> typing", curves);
  expect(svg).not.toMatch(/NaN|Infinity|undefined|<of>/);
  const lines = [...svg.matchAll(/<polyline points="([^"]+)"/g)].map(([, points]) => points!.split(" "));
  expect(lines).toHaveLength(curves.length);
  for (const line of lines) {
    expect(line).toHaveLength(120);
    for (const [x, y] of line.map((point) => point.split(",").map(Number))) {
      expect(x).toBeGreaterThanOrEqual(44);
      expect(x).toBeLessThanOrEqual(348);
      expect(y).toBeGreaterThanOrEqual(26);
      expect(y).toBeLessThanOrEqual(124);
    }
  }
});
