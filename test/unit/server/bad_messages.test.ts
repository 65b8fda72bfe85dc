import { expect, test } from "vitest";
import type { FromEngine } from "../../../engine/contract/index.ts";
import { isFromEngine } from "../../../engine/contract/index.ts";
import { UserError } from "../../../engine/errors/index.ts";
import { createEngine } from "../../../engine/server/index.ts";
import { seededRandom } from "../../reference/random.ts";
import { testSeed } from "../../reference/seed.ts";
import { badMessages } from "../../torture/engine_messages.ts";

const prompt = { path: "a.ts", prefix: "", middle: "x", suffix: "", context: [] };

/** An engine without a GPU: what needs one ends with the sentence. */
function bench() {
  const said: FromEngine[] = [];
  const engine = createEngine({
    send: (message) => said.push(message),
    open: async () => {
      throw new UserError({ code: "device-missing", problem: "There is no GPU", advice: "get one" });
    },
    lostDevices: { isLost: () => false, begin: () => {}, end: () => {} },
  });
  const events = (id: number) => said.flatMap((it) => (it.kind === "event" && it.id === id ? [it] : []));
  const ended = async (id: number) => {
    const last = () => events(id).at(-1)?.event.kind;
    while (last() !== "done" && last() !== "error") await new Promise((resolve) => setImmediate(resolve));
    return events(id);
  };
  return { engine, said, events, ended };
}

test("a request that comes twice runs once, also when it is over", async () => {
  const { engine, ended, events } = bench();
  const status = { kind: "request", id: 1, request: { kind: "status" } };
  engine.receive(status);
  engine.receive(status);
  expect((await ended(1)).map(({ nth, event }) => [nth, event.kind])).toEqual([
    [0, "status"],
    [1, "done"],
  ]);
  engine.receive(status);
  engine.receive({ kind: "request", id: 2, request: { kind: "status" } });
  await ended(2);
  expect(events(1)).toHaveLength(2);
});

test("a request that comes after it was cancelled is not run", async () => {
  const { engine, ended, events } = bench();
  engine.receive({ kind: "cancel", id: 1 });
  engine.receive({ kind: "request", id: 1, request: { kind: "status" } });
  engine.receive({ kind: "request", id: 2, request: { kind: "status" } });
  await ended(2);
  expect(events(1)).toEqual([]);
});

test("what cannot be read is named once for each kind, and a request among it is answered", async () => {
  const { engine, said, ended } = bench();
  for (const message of [
    null,
    undefined,
    7,
    "x",
    {},
    { kind: "sing" },
    { kind: "sing", id: 3 },
    { kind: "settings" },
  ])
    engine.receive(message);
  engine.receive({ kind: "request", id: 8, request: { kind: "complete", prompt } });
  engine.receive({ kind: "request", request: { kind: "status" } });
  const logs = said.flatMap((it) => (it.kind === "log" ? [it.message] : []));
  expect(logs).toHaveLength(4);
  expect(logs[1]).toBe('unknown message of kind "sing": it is dropped, and so are others like it');
  expect((await ended(8)).map(({ event }) => event)).toEqual([
    { kind: "error", message: expect.stringContaining("cannot read this request") },
  ]);
});

test("a prompt of 64 MB ends as any other", async () => {
  const { engine, ended } = bench();
  const huge = { ...prompt, middle: "x = 1;\n".repeat(9 << 20) };
  const request = {
    kind: "complete",
    model: { path: "mini" },
    prompt: huge,
    maxTokens: 1,
    priority: "automatic",
  };
  engine.receive({ kind: "request", id: 1, request });
  expect((await ended(1)).map(({ event }) => event)).toMatchObject([
    { message: "There is no GPU: get one." },
  ]);
});

test("any messages, in any order, leave an engine that answers, and every request ends once", async () => {
  const seed = testSeed();
  const { engine, said } = bench();
  const tally = await badMessages(engine, said, seededRandom(seed), 3000);
  expect(tally.malformed).toBeGreaterThan(1000);
  expect(tally.answered).toBeGreaterThan(300);
  expect(said.filter((message) => !isFromEngine(JSON.parse(JSON.stringify(message))))).toEqual([]);
});

test("a pulse says of each request that is not over how many events were said", async () => {
  const { engine, said, ended } = bench();
  const pulse = () => {
    engine.receive({ kind: "ping" });
    return said.at(-1);
  };
  expect(pulse()).toMatchObject({ kind: "pulse", said: [] });
  engine.receive({
    kind: "request",
    id: 7,
    request: { kind: "describe", model: { path: "a.gguf" }, files: [{ path: "a.gguf", size: 1 << 20 }] },
  });
  expect(pulse()).toMatchObject({ said: [[7, 0]] });
  while (!said.some((it) => it.kind === "event" && it.event.kind === "read"))
    await new Promise((resolve) => setImmediate(resolve));
  expect(pulse()).toMatchObject({ said: [[7, 1]] });
  engine.receive({ kind: "cancel", id: 7 });
  await ended(7);
  await new Promise((resolve) => setImmediate(resolve));
  expect(pulse()).toMatchObject({ said: [] });
});
