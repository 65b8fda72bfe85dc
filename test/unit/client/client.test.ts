import { describe, expect, test } from "vitest";
import { isToEngine } from "../../../engine/contract/index.ts";
import type { EngineEvent } from "../../../engine/contract/protocol.ts";
import { sentenceOf } from "../../../engine/errors/index.ts";
import { bench, done, read, settings, spec, text } from "./bench.ts";

test("nothing starts before the first request; then settings come before it", async () => {
  const it = bench();
  expect(it.children).toHaveLength(0);
  expect(await it.client.status()).toBeUndefined();
  await it.client.unload();
  expect(it.children).toHaveLength(0);
  const { finished } = read(it);
  expect(it.children).toHaveLength(1);
  expect(it.last().sent).toEqual([]);
  it.last().say({ kind: "hello" });
  expect(it.last().sent.map(({ kind }) => kind)).toEqual(["settings", "request"]);
  await it.last().answer(text("a"));
  await it.last().answer(text("b"));
  await it.last().answer({ kind: "done", reason: "max-tokens" });
  expect(await finished).toMatchObject({ written: "ab", end: { reason: "max-tokens" } });
  expect(it.kinds()).toEqual(["starting", "running"]);
});

test("an edit goes as one message that the engine takes, streams, and is cancelled when its reader leaves", async () => {
  const it = bench();
  const asked = {
    prompt: [{ token: "<|file_sep|>" }, "updated/a.ts"],
    steady: [1],
    original: "\nx\n",
    expected: "\ny\n",
    stops: ["<|file_sep|>"],
    maxTokens: 9,
  };
  const stream = it.client.editorFor(() => spec).edit(asked);
  const first = stream.next();
  it.last().say({ kind: "hello" });
  const [request] = it.last().requests();
  expect(request).toEqual({ kind: "request", id: 1, request: { kind: "edit", model: spec, ...asked } });
  expect(isToEngine(request)).toBe(true);
  for (const wrong of [
    { prompt: "x" },
    { prompt: [{}] },
    { steady: [-1] },
    { stops: undefined },
    { expected: 7 },
  ])
    expect(isToEngine({ ...request, request: { ...request!.request, ...wrong } })).toBe(false);
  await it.last().answer(text("\ny"));
  expect((await first).value).toMatchObject({ text: "\ny" });
  await stream.return(undefined);
  expect(it.last().sent.at(-1)).toEqual({ kind: "cancel", id: 1 });
});

test("loading is told as it goes, and that it has ended", () => {
  const it = bench();
  read(it);
  it.last().say({ kind: "hello" });
  it.last().say({ kind: "loading", path: "mini", step: "weights", fraction: 0.5 });
  expect(it.client.state).toEqual({ kind: "loading", path: "mini", step: "weights", fraction: 0.5 });
  it.last().say({ kind: "loading", path: "mini", step: "kernels", fraction: null });
  expect(it.client.state).toEqual({ kind: "running" });
});

describe("leaving", () => {
  test("by the signal frees the caller at once, and tells the engine", async () => {
    const it = bench();
    const abort = new AbortController();
    const { finished } = read(it, abort.signal);
    it.last().say({ kind: "hello" });
    await it.last().answer(text("a"));
    abort.abort();
    expect(await finished).toEqual({ written: "a", end: undefined });
    expect(it.last().sent.at(-1)).toMatchObject({ kind: "cancel" });
  });

  test("by the iterator does too; a request that is over is not cancelled", async () => {
    const it = bench();
    const { stream, finished } = read(it);
    it.last().say({ kind: "hello" });
    await it.last().answer(text("a"));
    await it.last().answer(done);
    await finished;
    await stream.return(undefined);
    expect(it.last().sent.some(({ kind }) => kind === "cancel")).toBe(false);
  });
});

describe("after a crash", () => {
  test("what ran runs again by itself, and says nothing twice", async () => {
    const it = bench();
    const { finished, written } = read(it);
    it.last().say({ kind: "hello" });
    await it.last().answer(text("al"));
    await it.last().answer(text("pha"));
    await it.last().die();
    expect(it.client.state).toEqual({ kind: "crashed", restartInMs: 500 });
    await it.clock.pass(500);
    expect(it.children).toHaveLength(2);
    it.last().say({ kind: "hello" });
    await it.last().answer(text("alp"));
    expect(written()).toBe("alpha");
    await it.last().answer(text("ha beta"));
    await it.last().answer(done);
    expect(await finished).toMatchObject({ written: "alpha beta" });
  });

  test("a request that takes it down twice is given up with a sentence, and others run on", async () => {
    const it = bench();
    const poison = read(it);
    it.last().say({ kind: "hello" });
    await it.last().die();
    await it.clock.pass(500);
    it.last().say({ kind: "hello" });
    await it.last().die();
    await expect(poison.finished).rejects.toThrow("The engine stopped twice on this request");
    expect(it.client.state).toEqual({ kind: "crashed", restartInMs: 2000 });
  });

  test("the third within ten minutes is the last; its sentence names the command, which resets the count", async () => {
    const it = bench();
    read(it);
    for (const wait of [500, 2000]) {
      it.last().say({ kind: "hello" });
      await it.last().die();
      await it.clock.pass(wait);
    }
    it.last().say({ kind: "hello" });
    await it.last().die("by SIGSEGV");
    const { state } = it.client;
    expect(state.kind).toBe("failed");
    expect(state.kind === "failed" && sentenceOf(state.fault)).toBe(
      "The engine stopped 3 times within ten minutes (by SIGSEGV): see the log, then run “Foretype: Restart Engine”.",
    );
    await expect(read(it).finished).rejects.toThrow("Restart Engine");
    expect(it.children).toHaveLength(3);
    it.client.restart();
    const again = read(it);
    it.last().say({ kind: "hello" });
    await it.last().answer(done);
    expect(await again.finished).toMatchObject({ written: "" });
  });

  test("crashes far apart do not add up", async () => {
    const it = bench();
    read(it);
    for (let n = 0; n < 6; n++) {
      it.last().say({ kind: "hello" });
      await it.last().die();
      expect(it.client.state).toEqual({ kind: "crashed", restartInMs: 500 });
      await it.clock.pass(500);
      await it.clock.pass(10 * 60_000);
      it.last().say({ kind: "hello" });
    }
  });
});

test("what a process wrote last is in the log where it stops", async () => {
  const it = bench();
  read(it);
  it.last().say({ kind: "hello" });
  for (let line = 1; line <= 30; line++) it.last().write(`line ${line}`);
  await it.last().die("by SIGABRT");
  const lines = it.logs.find((text) => text.startsWith("error: the engine stopped: by SIGABRT"))!.split("\n");
  expect(lines).toHaveLength(21);
  expect(lines.at(-1)).toBe("  line 30");
});

describe("where the GPU was lost", () => {
  const lost: EngineEvent = {
    kind: "error",
    message: "the GPU was lost: try again.",
    fault: { code: "device-lost", problem: "the GPU was lost", advice: "try again" },
  };

  test("what ran runs again in the same process, and says nothing twice", async () => {
    const it = bench();
    const { finished, written } = read(it);
    it.last().say({ kind: "hello" });
    await it.last().answer(text("alp"));
    await it.last().answer(lost);
    expect(it.last().requests()).toHaveLength(2);
    const [first, second] = it.last().requests();
    expect(second).toEqual({ ...first, id: expect.any(Number) });
    expect(second!.kind === "request" && first!.kind === "request" && second!.id > first!.id).toBe(true);
    it.last().say({ kind: "event", id: 1, event: text("late") }); // of the first run
    await it.last().answer(text("alpha"));
    expect(written()).toBe("alpha");
    await it.last().answer(done);
    expect(await finished).toMatchObject({ written: "alpha" });
    expect(it.kinds()).toEqual(["starting", "running"]);
  });

  test("for the second time on a request, its sentence is given", async () => {
    const it = bench();
    const { finished } = read(it);
    it.last().say({ kind: "hello" });
    await it.last().answer(lost);
    await it.last().answer(lost);
    await expect(finished).rejects.toThrow("the GPU was lost: try again.");
    expect(it.last().requests()).toHaveLength(2);
  });
});

test("a process that says nothing is ended, and counts as a crash", async () => {
  const it = bench();
  read(it);
  await it.clock.pass(30_000);
  expect(it.last().killed).toEqual(["SIGKILL"]);
  await it.last().die();
  expect(it.client.state.kind).toBe("crashed");
});

test("what cannot be started fails with its own sentence", async () => {
  const it = bench(() => {
    throw new Error("This package has no Node for linux.");
  });
  await expect(read(it).finished).rejects.toThrow("no Node for linux");
  expect(it.client.state.kind).toBe("failed");
});

test("errors for the user keep their sentence; unknown messages are logged and harm nothing", async () => {
  const it = bench();
  const { finished } = read(it);
  it.last().say({ kind: "hello" });
  it.last().say({ kind: "sing" } as never);
  it.last().say(null as never);
  it.last().say({ kind: "event", id: 999, event: done });
  await it.last().answer({
    kind: "error",
    message: "a.gguf is cut off: fetch it again.",
    fault: { code: "file-damaged", problem: "a.gguf is cut off", advice: "fetch it again" },
  });
  await expect(finished).rejects.toMatchObject({
    name: "UserError",
    message: "a.gguf is cut off: fetch it again.",
  });
  expect(it.logs.filter((line) => line.includes("unknown message"))).toHaveLength(2);
});

test("settings that change are sent; disposing ends what runs and the process", async () => {
  const it = bench();
  const { finished } = read(it);
  it.last().say({ kind: "hello" });
  it.client.applySettings({ ...settings, unloadAfterMinutes: 1 });
  expect(it.last().sent.at(-1)).toEqual({
    kind: "settings",
    settings: { ...settings, unloadAfterMinutes: 1 },
  });
  it.client.dispose();
  expect(await finished).toMatchObject({ written: "" });
  expect(it.last().killed).toEqual(["disconnect"]);
  await it.clock.pass(2000);
  expect(it.last().killed).toEqual(["disconnect", "SIGKILL"]);
});
