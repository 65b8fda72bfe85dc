import { describe, expect, test } from "vitest";
import { createEngineClient, type EngineChild, type EngineState } from "../../../engine/client/client.ts";
import type { EngineEvent, FromEngine, GpuPulse, ToEngine } from "../../../engine/contract/index.ts";
import { sentenceOf } from "../../../engine/errors/index.ts";
import { fakeClock } from "../support/clock.ts";

const working: GpuPulse = { waiting: true, returned: 7, patienceMs: 10_000 };
const prompt = { path: "a.ts", prefix: "", middle: "x", suffix: "", context: [] };

/** A client whose processes answer pings with the pulse that the test sets; undefined: they are blocked. */
function bench() {
  const clock = fakeClock();
  const states: EngineState[] = [];
  const logs: string[] = [];
  const killed: string[] = [];
  let pulse: GpuPulse | undefined = working;
  let say = (_: FromEngine) => {};
  let requests: number[] = [];
  let pings = 0;
  let started = 0;
  const client = createEngineClient({
    command: () => ({ execPath: "node", script: "process.js", env: {} }),
    settings: { device: "auto", memoryLimit: 0, unloadAfterMinutes: 30 },
    onState: (state) => states.push(state),
    onLog: (level, text) => logs.push(`${level}: ${text}`),
    clock,
    start(): EngineChild {
      const name = `process ${++started}`;
      requests = [];
      return {
        send(message: ToEngine) {
          if (message.kind === "request") requests.push(message.id);
          if (message.kind !== "ping") return;
          pings++;
          if (pulse) say({ kind: "pulse", pulse });
        },
        kill: (signal) => void killed.push(`${name} ${signal}`),
        disconnect: () => {},
        onMessage: (listener) => {
          say = listener;
        },
        onLog: () => {},
        onExit: () => {}, // a process that a driver holds never does
      };
    },
  });
  /** Reads a completion to its end. */
  function read() {
    const stream = client
      .completerFor(() => ({ path: "mini" }))
      .complete({ prompt, maxTokens: 9, priority: "automatic" });
    const finished = (async () => {
      let text = "";
      for (;;) {
        const { value, done } = await stream.next();
        if (done) return text;
        text += value.text;
      }
    })();
    finished.catch(() => {});
    return finished;
  }
  return {
    client,
    clock,
    states,
    logs,
    killed,
    read,
    hello: () => say({ kind: "hello" }),
    answer: (event: EngineEvent) => say({ kind: "event", id: requests.at(-1)!, event }),
    set pulse(next: GpuPulse | undefined) {
      pulse = next;
    },
    get pings() {
      return pings;
    },
    get started() {
      return started;
    },
  };
}

const text = (it: string): EngineEvent => ({ kind: "text", text: it, logProbability: -1 });

describe("a GPU from which nothing comes for 10 s", () => {
  test("has its process replaced, and what ran runs again, saying nothing twice", async () => {
    const it = bench();
    const finished = it.read();
    it.hello();
    it.answer(text("al"));
    await it.clock.pass(10_000);
    expect(it.killed).toEqual([]);
    await it.clock.pass(1000);
    expect(it.killed).toEqual(["process 1 SIGKILL"]);
    const { state } = it.client;
    expect(state).toMatchObject({ kind: "crashed", restartInMs: 500 });
    expect(state.kind === "crashed" && state.hung && sentenceOf(state.hung)).toBe(
      "The GPU gave no answer for 10 s: wait, the engine starts again by itself, and what ran runs again once.",
    );
    expect(it.logs).toContainEqual(expect.stringMatching(/^error: The GPU gave no answer for 10 s/));
    await it.clock.pass(500);
    it.hello();
    it.answer(text("alpha"));
    it.answer({ kind: "done", reason: "end" });
    expect(await finished).toBe("alpha");
  });

  test("and then again on the same request, ends the request with a sentence", async () => {
    const it = bench();
    const finished = it.read();
    it.hello();
    await it.clock.pass(11_000);
    await it.clock.pass(500);
    it.hello();
    await it.clock.pass(11_000);
    expect(it.killed).toEqual(["process 1 SIGKILL", "process 2 SIGKILL"]);
    await expect(finished).rejects.toThrow(
      "The GPU gave no answer for 10 s, for the second time on this request: choose a smaller model",
    );
    expect(it.client.state).toMatchObject({ kind: "crashed", restartInMs: 2000 });
  });
});

const lively: readonly (readonly [title: string, next: (second: number) => GpuPulse])[] = [
  ["work that comes back", (second) => ({ ...working, returned: Math.floor(second / 9) })],
  ["weights that load and kernels that compile without GPU work", () => ({ ...working, waiting: false })],
  ["a process that has opened no GPU yet", () => ({ waiting: false, returned: 0, patienceMs: 0 })],
  ["a GPU that is idle in between", (second) => ({ ...working, waiting: second % 9 > 0 })],
  ["kernels that compile in their first dispatch", () => ({ ...working, patienceMs: 300_000 })],
];
for (const [title, next] of lively) {
  test(`no hang: ${title}`, async () => {
    const it = bench();
    it.read();
    it.hello();
    for (let second = 0; second < 60; second++) {
      it.pulse = next(second);
      await it.clock.pass(1000);
    }
    expect(it.pings).toBe(60);
    expect(it.killed).toEqual([]);
  });
}

test("no hang: a machine that slept for an hour", async () => {
  const it = bench();
  it.read();
  it.hello();
  await it.clock.pass(3000);
  it.clock.jump(3_600_000);
  await it.clock.pass(2000);
  expect(it.killed).toEqual([]);
});

test("a process that is blocked is given a minute, or as long as its device may take", async () => {
  for (const [patienceMs, seconds] of [
    [10_000, 60],
    [300_000, 300],
  ] as const) {
    const it = bench();
    it.pulse = { waiting: false, returned: 1, patienceMs };
    it.read();
    it.hello();
    await it.clock.pass(1000);
    it.pulse = undefined;
    await it.clock.pass(seconds * 1000);
    expect(it.killed).toEqual([]);
    await it.clock.pass(1000);
    expect(it.killed).toEqual(["process 1 SIGKILL"]);
    expect(it.logs.join()).toContain(`The engine's process gave no answer for ${seconds} s`);
  }
});

test("a process without requests is not asked; one that was replaced is not listened to", async () => {
  const it = bench();
  const finished = it.read();
  it.hello();
  it.answer({ kind: "done", reason: "end" });
  await finished;
  await it.clock.pass(60_000);
  expect(it.pings).toBeLessThanOrEqual(1);
  it.pulse = undefined;
  it.read();
  await it.clock.pass(5000);
  it.client.restart();
  it.hello();
  it.pulse = { ...working, waiting: false };
  await it.clock.pass(120_000);
  expect(it.started).toBe(2);
  expect(it.killed).toEqual(["process 1 SIGKILL"]); // asked to leave first
});

test("a process that reads nothing is replaced also where typing cancels all that waits for it", async () => {
  const it = bench();
  it.pulse = undefined;
  it.hello();
  const ask = async (signal: AbortSignal) => {
    const stream = it.client
      .completerFor(() => ({ path: "mini" }))
      .complete({ prompt, maxTokens: 9, priority: "automatic", signal });
    for await (const _ of stream) expect.unreachable("it says nothing");
  };
  for (let second = 0; second < 302 && it.killed.length === 0; second++) {
    const abort = new AbortController();
    const asked = ask(abort.signal);
    if (second === 0) it.hello();
    await it.clock.pass(100);
    abort.abort();
    await asked;
    await it.clock.pass(900); // nothing waits at the next look
  }
  expect(it.killed).toEqual(["process 1 SIGKILL"]);
});
