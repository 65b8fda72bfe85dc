import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { createEngineClient, type EngineChild } from "../../../engine/client/client.ts";
import type { FromEngine, RemoteFiles, ToEngine } from "../../../engine/contract/index.ts";
import { UserError } from "../../../engine/errors/index.ts";
import { createEngine } from "../../../engine/server/index.ts";
import { root } from "../support/repository.ts";
import { bench as scripted, settle } from "./bench.ts";

// The client and the engine, with messages between them as JSON, as their process has them.

const path = "someone/Mini/mini.gguf";
const bytes = await readFile(join(root, "media", "model", "foretype-mini.gguf"));

/** The file in memory; `read` may do something else. */
const remoteOf = (
  read: RemoteFiles["read"] = async (_, offset, length) => bytes.subarray(offset, offset + length),
) => ({
  files: [{ path, size: bytes.length }],
  read,
});

function bench() {
  const sent: ToEngine[] = [];
  const logs: string[] = [];
  const exits: ((how: string) => void)[] = [];
  function start(): EngineChild {
    let listen = (_: FromEngine) => {};
    let alive = true;
    const engine = createEngine({
      send: (message) => alive && setImmediate(() => listen(JSON.parse(JSON.stringify(message)))),
    });
    setImmediate(() => listen({ kind: "hello" }));
    return {
      send: (message) => {
        sent.push(message);
        if (alive) engine.receive(JSON.parse(JSON.stringify(message)));
      },
      kill: () => {},
      disconnect: () => {},
      onMessage: (listener) => {
        listen = listener;
      },
      onLog: () => {},
      onExit: (listener) =>
        void exits.push((how) => {
          alive = false;
          listener(how);
        }),
    };
  }
  const client = createEngineClient({
    command: () => ({ execPath: "node", script: "process.js", env: {} }),
    settings: { device: "auto", memoryLimit: 0, unloadAfterMinutes: 30 },
    onState: () => {},
    onLog: (level, message) => logs.push(`${level}: ${message}`),
    start,
  });
  return { client, sent, logs, die: () => exits.shift()!("by SIGKILL") };
}

test("a model that is not on this disk is described as one that is, by what is read of it", async () => {
  const { client, logs } = bench();
  let read = 0;
  const remote = remoteOf(async (name, offset, length) => {
    expect(name).toBe(path);
    read += length;
    return bytes.subarray(offset, offset + length);
  });
  const there = await client.describe({ path: "mini" });
  expect(await client.describeRemote(path, remote)).toEqual({ ...there, path });
  expect(read).toBeLessThanOrEqual(2 ** 20);
  expect(logs).toEqual([]);
  client.dispose();
});

test("what is wrong with the model, or with reading it, ends in that error", async () => {
  const { client, logs } = bench();
  const page = async (_: string, __: number, length: number) => Buffer.alloc(length, "<html>");
  await expect(client.describeRemote(path, remoteOf(page))).rejects.toThrow(
    /^mini\.gguf is not a GGUF file \(it begins with 3c 68 74 6d, /,
  );
  const broken = new UserError({ code: "network", problem: "The connection broke", advice: "try again" });
  await expect(
    client.describeRemote(
      path,
      remoteOf(() => Promise.reject(broken)),
    ),
  ).rejects.toBe(broken);
  expect(logs).toEqual([]);
  client.dispose();
});

test("a caller that leaves ends it, and nothing is logged", async () => {
  const { client, sent, logs } = bench();
  const controller = new AbortController();
  const remote = remoteOf(() => {
    controller.abort();
    return Promise.reject(controller.signal.reason);
  });
  await expect(client.describeRemote(path, remote, controller.signal)).rejects.toThrow(/abort/i);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(sent.at(-1)).toMatchObject({ kind: "cancel" });
  expect(logs).toEqual([]);
  client.dispose();
});

test("a process that ends while it reads is replaced, and the next one begins again", async () => {
  const { client, die } = bench();
  let reads = 0;
  const remote = remoteOf(async (_, offset, length) => {
    if (reads++ === 0) die();
    return bytes.subarray(offset, offset + length);
  });
  expect((await client.describeRemote(path, remote)).path).toBe(path);
  expect(reads).toBeGreaterThan(1);
  client.dispose();
});

test("a process that asks for a file that it was not offered gets none of it, and a sentence tells", async () => {
  const it = scripted();
  const read = vi.fn();
  const described = it.client.describeRemote(path, { files: [{ path, size: 1 }], read });
  const outcome = expect(described).rejects.toThrow('asked for "/etc/passwd", which is none of the files');
  it.last().say({ kind: "hello" });
  await settle();
  await it.last().answer({ kind: "read", token: "1", path: "/etc/passwd", offset: 0, length: 9 });
  await outcome;
  expect(read).not.toHaveBeenCalled();
  expect(it.last().sent.at(-1)).toMatchObject({ kind: "cancel" });
  it.client.dispose();
});
