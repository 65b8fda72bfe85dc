import { expect, test } from "vitest";
import type { Pipeline } from "../../../engine/complete/index.ts";
import { parseRecording } from "../../../engine/complete/replay/recording.ts";
import { createTypingRecorder, recordedPipeline } from "../../../extension/recording/typing_recorder.ts";
import { seededRandom } from "../../reference/random.ts";
import { testSeed } from "../../reference/seed.ts";
import { fakeClock } from "../support/clock.ts";
import { bench, questionAt, scripted } from "../support/pipeline.ts";

function start(limit?: number) {
  const clock = fakeClock();
  const log: string[] = [];
  const appended: string[] = [];
  const disk = { fails: false };
  const excluded = new Set<string>();
  const recorder = createTypingRecorder({
    async append(text) {
      if (disk.fails) throw new Error("no space left");
      appended.push(text);
    },
    isExcluded: ({ path }) => path.startsWith("secrets/") || excluded.has(path),
    clock,
    log: (message) => log.push(message),
    ...(limit !== undefined && { limit }),
  });
  const trace = async () => {
    await recorder.flush();
    return parseRecording(appended.join(""), "test");
  };
  return { recorder, clock, log, appended, disk, excluded, trace };
}

const view = (text: string, path = "a.ts") => ({
  uri: `file:///${path}`,
  path,
  languageId: "typescript",
  text,
  version: 1,
  tabSize: 2,
  insertSpaces: true,
});
const insert = (offset: number, inserted: string) => [{ offset, removed: 0, inserted }];
const uri = "file:///a.ts";

test("what is typed, asked and accepted is a trace that can be played, times and all", async () => {
  const { recorder, clock, trace } = start();
  const { pipeline: inner } = bench(scripted(["foo(1);", "\n"]));
  const pipeline = recordedPipeline(inner, () => recorder);
  recorder.see(view("x = "));
  clock.jump(100);
  recorder.changed(uri, 2, insert(4, "f"));
  recorder.moved(uri, 5); // by the change itself
  const answer = await pipeline.answer(questionAt("x = f█", { path: "a.ts" }));
  const id = answer.kind === "show" ? answer.suggestion.id : -1;
  const rest = answer.kind === "show" ? answer.suggestion.text : "";
  clock.jump(400);
  recorder.changed(uri, 3, insert(5, rest));
  pipeline.accepted(id, rest.length);
  clock.jump(1000);
  recorder.moved(uri, 0);
  pipeline.dismissed(id);
  pipeline.forget(uri);
  const { events, finalTexts } = await trace();
  expect(events.map(({ type, at }) => `${type} ${at}`)).toEqual([
    "open 0",
    "change 100",
    "ask 100",
    "change 500",
    "accept 500",
    "cursor 1500",
    "dismiss 1500",
    "close 1500",
  ]);
  expect(events[4]).toMatchObject({ cursor: 5, text: rest });
  expect(finalTexts.size).toBe(0);
});

test("a random series of edits and questions is recorded so that its texts come out the same", async () => {
  const seed = testSeed();
  const random = seededRandom(seed);
  const { recorder, clock, trace } = start();
  const texts = new Map([
    ["a.ts", "let a;\n"],
    ["b.ts", ""],
  ]);
  for (let version = 2; version < 200; version++) {
    const path = random() < 0.5 ? "a.ts" : "b.ts";
    const text = texts.get(path)!;
    const offset = Math.floor(random() * (text.length + 1));
    recorder.see(view(text, path));
    texts.set(path, `${text.slice(0, offset)}é${text.slice(offset)}`);
    recorder.changed(`file:///${path}`, version, insert(offset, "é"));
    recorder.asked(questionAt(`${texts.get(path)}█`, { path }));
    await clock.pass(random() * 500);
  }
  const { finalTexts } = await trace();
  expect(Object.fromEntries(finalTexts), `seed ${seed}`).toEqual({
    "file:///a.ts": texts.get("a.ts"),
    "file:///b.ts": texts.get("b.ts"),
  });
});

test("a keystroke writes nothing by itself; a second later it is on the disk", async () => {
  const { recorder, clock, appended } = start();
  recorder.see(view("x"));
  recorder.changed(uri, 2, insert(1, "y"));
  expect(appended).toEqual([]);
  await clock.pass(1000);
  expect(appended).toHaveLength(1);
  expect(clock.pending).toBe(0);
});

test("no event of an excluded document is written", async () => {
  const { recorder, appended } = start();
  const path = "secrets/key.ts";
  recorder.see(view("hunter2", path));
  recorder.changed(`file:///${path}`, 2, insert(7, "x"));
  recorder.moved(`file:///${path}`, 1);
  recorder.asked(questionAt("hunter2x█", { path }));
  recorder.offered(1, `file:///${path}`, 8, "hunter3");
  recorder.accepted(1, 7);
  recorder.dismissed(1);
  recorder.closed(`file:///${path}`);
  await recorder.flush();
  expect(appended).toEqual([]);
});

test("a document that becomes excluded is left", async () => {
  const { recorder, excluded, trace } = start();
  recorder.see(view("x"));
  excluded.add("a.ts");
  recorder.leaveExcluded();
  recorder.changed(uri, 2, insert(1, "hunter2"));
  recorder.see(view("xhunter2"));
  expect((await trace()).events.map(({ type }) => type)).toEqual(["open", "close"]);
});

test("a document that has changed unseen is opened again", async () => {
  const { recorder, trace } = start();
  recorder.see(view("one\n"));
  recorder.asked(questionAt("one\r\n█", { path: "a.ts" })); // other line ends
  const { events, finalTexts } = await trace();
  expect(events.map(({ type }) => type)).toEqual(["open", "close", "open", "ask"]);
  expect(finalTexts.get(uri)).toBe("one\r\n");
});

test("a document that a paste makes too long is left, without the paste, and opened again when it is shorter", async () => {
  const { recorder, trace, appended } = start();
  recorder.see(view("x = "));
  recorder.changed(uri, 2, insert(4, "a".repeat(5 << 20)));
  recorder.changed(uri, 3, [{ offset: 4, removed: 5 << 20, inserted: "" }]);
  recorder.asked(questionAt("x = █", { path: "a.ts" }));
  const { events } = await trace();
  expect(events.map(({ type }) => type)).toEqual(["open", "close", "open", "ask"]);
  expect(appended.join("").length).toBeLessThan(2000);
});

test("at its full size a recording ends, whole and with a word in the log", async () => {
  const { recorder, log, appended, trace } = start(1000);
  recorder.see(view("x"));
  for (let version = 2; version < 50; version++) recorder.changed(uri, version, insert(0, "y"));
  const { events } = await trace();
  expect(Buffer.byteLength(appended.join(""))).toBeLessThanOrEqual(1000);
  expect(events.length).toBeGreaterThan(3);
  expect(log).toEqual(["The recording of typing has its full size (1000 bytes) and is stopped."]);
  recorder.changed(uri, 50, insert(0, "z"));
  await recorder.flush();
  expect(appended).toHaveLength(1);
});

test("a disk that fails ends the recording with one word in the log", async () => {
  const { recorder, log, disk } = start();
  disk.fails = true;
  recorder.see(view("x"));
  await recorder.flush();
  recorder.asked(questionAt("x█", { path: "a.ts" }));
  await recorder.flush();
  expect(log).toEqual(["Typing cannot be recorded (no space left)."]);
});

test("without a recorder the pipeline is asked and told all the same", async () => {
  const told: unknown[] = [];
  const { pipeline: inner, ask } = bench(scripted(["foo", "\n"]));
  const spied: Pipeline = {
    ...inner,
    accepted: (...args) => void told.push(args),
    dismissed: (id) => void told.push(id),
    forget: (of) => void told.push(of),
  };
  const pipeline = recordedPipeline(spied, () => undefined);
  expect(await pipeline.answer(questionAt("x = █"))).toMatchObject({ kind: "show" });
  expect(await ask("x = █")).toMatchObject({ kind: "show" });
  pipeline.accepted(1, 2);
  pipeline.dismissed(3);
  pipeline.forget();
  expect(told).toEqual([[1, 2], 3, undefined]);
});
