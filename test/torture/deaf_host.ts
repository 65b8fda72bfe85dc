import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Duplex } from "node:stream";
import type { FromEngine, ToEngine } from "../../engine/contract/index.ts";
import { childEnvironment } from "../../scripts/environment.mjs";
import { isThere, settingsOf, source, until, wait } from "./processes.ts";

/** What a host sends before it listens again, if it does. */
export interface DeafCase {
  readonly engine: string;
  readonly device: string;
  readonly requests: number;
  readonly pings: number;
  /** Whether it reads in the end, or closes the channel without having read. */
  readonly reads: boolean;
}

const mostGrown = 64e6; // bytes that what waits to be read may take
const isLinux = process.platform === "linux";

/** Resident bytes of a process, and the milliseconds for which it has computed. */
function usage(pid: number): { readonly bytes: number; readonly ms: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)!.split(" ");
  return { bytes: Number(fields[21]) * 4096, ms: (Number(fields[11]) + Number(fields[12])) * 10 };
}

/**
 * An engine whose host sends and does not read, as one whose thread is held by a debugger, and worse: it holds what was asked
 * for and no more, computes nothing once that is done, and ends with the channel. The host has the pipe itself here: Node's
 * own end of a channel always reads.
 * @throws Error where any of this is not so
 */
export async function deafHost({ engine, device, requests, pings, reads }: DeafCase): Promise<void> {
  const child = spawn(process.execPath, [engine], {
    stdio: ["ignore", "ignore", "ignore", "pipe"],
    env: childEnvironment({ NODE_CHANNEL_FD: "3" }),
  });
  const pid = child.pid!;
  const channel = child.stdio[3] as Duplex;
  channel.on("error", () => {}); // it ends with the process
  const heard: FromEngine[] = [];
  let rest = "";
  channel.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) heard.push(JSON.parse(line) as FromEngine);
  });
  const send = (message: ToEngine) => void channel.write(`${JSON.stringify(message)}\n`);
  const model = { path: "mini" };
  const endOf = (id: number) =>
    heard.find(
      (it) => it.kind === "event" && it.id === id && (it.event.kind === "done" || it.event.kind === "error"),
    );
  try {
    await until(() => heard.length > 0, 30_000, "it does not listen");
    send({ kind: "settings", settings: settingsOf(device) });
    send({ kind: "request", id: 1, request: { kind: "load", model } });
    await until(() => endOf(1) !== undefined, 120_000, "the model is not loaded");
    const before = isLinux ? usage(pid).bytes : 0;
    channel.pause();
    for (let id = 2; id < 2 + requests; id++) {
      const prompt = { path: `${id}.ts`, prefix: "", middle: source, suffix: "\n", context: [] };
      const request = { kind: "complete", model, prompt, maxTokens: 24, priority: "automatic" } as const;
      send({ kind: "request", id, request });
    }
    for (let n = 0; n < pings; n++) send({ kind: "ping" });
    if (isLinux) await requireQuiet(pid, before);
    else await wait(2000);
    if (!reads) return;
    channel.resume();
    for (let id = 2; id < 2 + requests; id++)
      await until(() => endOf(id) !== undefined, 120_000, `request ${id} has no end`);
    const pulses = heard.filter(({ kind }) => kind === "pulse").length;
    if (pulses < Math.min(1, pings) || pulses > pings)
      throw new Error(`${pulses} answers to ${pings} pings came`);
    requireInOrder(heard);
  } finally {
    channel.destroy();
    await until(() => !isThere(pid), 10_000, `the engine's process ${pid} outlives its channel`).finally(() =>
      child.kill("SIGKILL"),
    );
  }
}

/** It has come to rest, and holds little more than before. */
async function requireQuiet(pid: number, before: number): Promise<void> {
  const end = Date.now() + 120_000;
  for (let last = -1; ; ) {
    const { ms, bytes } = usage(pid);
    if (bytes - before > mostGrown) throw new Error(`${bytes - before} bytes more are held`);
    if (ms - last <= 20) return; // of 500: collections of garbage, a look for its parent
    if (Date.now() > end) throw new Error("it computes without an end");
    last = ms;
    await wait(500);
  }
}

function requireInOrder(heard: readonly FromEngine[]): void {
  const next = new Map<number, number>();
  for (const it of heard) {
    if (it.kind !== "event") continue;
    const nth = next.get(it.id) ?? 0;
    if (it.nth !== nth) throw new Error(`event ${it.nth} of request ${it.id} came, expected ${nth}`);
    next.set(it.id, nth + 1);
  }
}
