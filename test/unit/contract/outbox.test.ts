import { writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { forkEngine } from "../../../engine/client/child.ts";
import {
  admitFromEngine,
  admitToEngine,
  createOutbox,
  type FromEngine,
  type ToEngine,
} from "../../../engine/contract/index.ts";
import { temporaryFolder } from "../../gpu/support/models.ts";

const request = (id: number): ToEngine => ({ kind: "request", id, request: { kind: "status" } });
const settings = (memoryLimit: number): ToEngine => ({
  kind: "settings",
  settings: { device: "auto", memoryLimit, unloadAfterMinutes: 30 },
});

/** An outbox whose pipe takes a message when the test says so. */
function bench() {
  const written: ToEngine[] = [];
  const takes: (() => void)[] = [];
  const outbox = createOutbox<ToEngine>((message, taken) => {
    written.push(message);
    takes.push(taken);
  }, admitToEngine);
  return { outbox, written, take: () => takes.shift()?.() };
}

test("messages go in their order, few at a time while none is taken", () => {
  const { outbox, written, take } = bench();
  for (let id = 0; id < 30; id++) outbox.send(request(id));
  expect(written).toHaveLength(8);
  expect(outbox.waiting).toBe(22);
  for (let i = 0; i < 30; i++) take();
  expect(written.map((it) => it.kind === "request" && it.id)).toEqual(
    Array.from({ length: 30 }, (_, id) => id),
  );
});

test("what a later message makes needless is not sent", () => {
  const { outbox, written, take } = bench();
  for (let id = 0; id < 8; id++) outbox.send(request(id));
  outbox.send(settings(1));
  outbox.send({ kind: "ping" });
  outbox.send(request(8));
  outbox.send(request(9));
  outbox.send({ kind: "ping" });
  outbox.send({ kind: "cancel", id: 8 }); // never sent
  outbox.send({ kind: "cancel", id: 3 }); // handed over already
  outbox.send(settings(2));
  expect(outbox.waiting).toBe(4);
  for (let i = 0; i < 20; i++) take();
  expect(written.slice(8)).toEqual([settings(2), { kind: "ping" }, request(9), { kind: "cancel", id: 3 }]);
});

test("hours of typing for a process that reads nothing hold no more memory, and do not block the host", async () => {
  await using folder = await temporaryFolder();
  const script = folder.at("deaf.mjs");
  await writeFile(script, 'process.on("message", () => { for (;;); }); process.send({ kind: "hello" });');
  const child = forkEngine({ execPath: process.execPath, script, env: {} });
  try {
    await new Promise<void>((resolve) => child.onMessage(() => resolve()));
    const before = process.memoryUsage.rss();
    for (let id = 1; id <= 5000; id++) {
      const prefix = Buffer.alloc(100_000, 32 + (id % 90)).toString("latin1");
      const prompt = { path: "a.ts", prefix, middle: "", suffix: "", context: [] };
      const model = { path: "mini" };
      const request = { kind: "complete", model, prompt, maxTokens: 9, priority: "automatic" } as const;
      child.send({ kind: "request", id, request });
      child.send({ kind: "cancel", id });
      child.send({ kind: "ping" });
      if (id % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    // 500 MB were written; what grows is garbage of this loop.
    expect(process.memoryUsage.rss() - before).toBeLessThan(150e6);
  } finally {
    const gone = new Promise<void>((resolve) => child.onExit(() => resolve()));
    child.kill("SIGKILL");
    await gone;
  }
});

test("of what an engine says of itself a host that reads late hears the latest, and of a request all", () => {
  const written: FromEngine[] = [];
  const takes: (() => void)[] = [];
  const outbox = createOutbox<FromEngine>((message, taken) => {
    written.push(message);
    takes.push(taken);
  }, admitFromEngine);
  const text = (nth: number): FromEngine => ({
    kind: "event",
    id: 1,
    nth,
    event: { kind: "thinking", text: String(nth) },
  });
  const loading = (fraction: number | null): FromEngine => ({
    kind: "loading",
    path: "a.gguf",
    step: "weights",
    fraction,
  });
  const pulse = (returned: number): FromEngine => ({
    kind: "pulse",
    pulse: { waiting: false, returned, patienceMs: 1 },
  });
  for (let nth = 0; nth < 8; nth++) outbox.send(text(nth));
  for (let n = 0; n < 10_000; n++) {
    outbox.send(pulse(n));
    outbox.send(loading(n / 10_000));
  }
  outbox.send(text(8));
  outbox.send(loading(null));
  expect(outbox.waiting).toBe(3);
  while (takes.length > 0) takes.shift()!();
  expect(written.slice(8)).toEqual([pulse(9999), text(8), loading(null)]);
});
