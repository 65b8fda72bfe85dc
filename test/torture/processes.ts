import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { forkEngine } from "../../engine/client/child.ts";
import { createEngineClient, type EngineChild, type EngineClient } from "../../engine/client/client.ts";
import type { Clock, CompletionRequest, EngineSettings, PromptParts } from "../../engine/contract/index.ts";
import { childEnvironment } from "../../scripts/environment.mjs";
import type { Random } from "../reference/random.ts";

export const source = "export class Stack {\n  items: number[] = [];\n  push(item: number) {\n    this";
const prompt: PromptParts = {
  path: "stack.ts",
  prefix: "",
  middle: source,
  suffix: "\n  }\n}\n",
  context: [],
};
const longPrompt: PromptParts = { ...prompt, prefix: "export const elsewhere = [1, 2, 3];\n".repeat(14) };
const TOKENS = 24;

export const settingsOf = (device: string): EngineSettings => ({
  device,
  memoryLimit: 0,
  unloadAfterMinutes: 30,
});

/** Whether a process runs; on Linux one that has ended, and that whoever took it over has not asked about yet, does not. */
export const isThere = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return process.platform !== "linux";
  }
};

export const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** @throws Error where it does not become true within `ms` */
export async function until(condition: () => boolean, ms: number, what: string): Promise<void> {
  for (const end = Date.now() + ms; !condition(); await wait(5))
    if (Date.now() > end) throw new Error(`${what}: not within ${ms} ms`);
}

export async function complete(
  client: EngineClient,
  parts: PromptParts = prompt,
  onText: (written: string) => void = () => {},
  options: Partial<CompletionRequest> = {},
): Promise<string> {
  const completer = client.completerFor(() => ({ path: "mini" }));
  let written = "";
  for await (const { text } of completer.complete({
    prompt: parts,
    maxTokens: TOKENS,
    priority: "automatic",
    ...options,
  })) {
    written += text;
    onText(written);
  }
  return written;
}

/** When a process is killed. */
export const moments = ["start", "load", "prompt", "decode", "download", "snapshot"] as const;
type Moment = (typeof moments)[number];

/**
 * A client of real processes that the test kills. Its clock lets ten minutes pass with each crash, so that the limit of
 * restarts is never reached, and does not wait before it restarts.
 */
export function createKillBench(script: string, device: string) {
  let jumpedMs = 0;
  const clock: Clock = {
    now: () => Date.now() + jumpedMs,
    setTimeout: (action, ms) => setTimeout(action, ms === 500 ? 5 : ms),
    clearTimeout: (handle) => clearTimeout(handle as NodeJS.Timeout),
  };
  const pids: number[] = [];
  let child: EngineChild | undefined;
  let loading = () => {};
  let started = () => {};
  const logs: string[] = [];
  const create = () =>
    createEngineClient({
      command: () => ({ execPath: process.execPath, script, env: childEnvironment() }),
      settings: settingsOf(device),
      onState: ({ kind }) => {
        if (kind === "loading") loading();
      },
      onLog: (level, text) => logs.push(`${level}: ${text}`),
      clock,
      start(command) {
        child = forkEngine(command);
        pids.push(child.pid!);
        started();
        return child;
      },
    });
  let client = create();
  let expected: { readonly text: string; readonly long: string; readonly description: string } | undefined;

  function kill(): void {
    jumpedMs += 11 * 60_000;
    process.kill(pids.at(-1)!, "SIGKILL");
  }

  async function gone(): Promise<void> {
    for (const pid of pids) await until(() => !isThere(pid), 10_000, `process ${pid} is left`);
    pids.length = 0;
  }

  /** Every process ends, and a new client begins with none. */
  async function renew(): Promise<void> {
    client.dispose();
    await gone();
    client = create();
  }

  async function describe(onRead: () => void = () => {}): Promise<string> {
    const bytes = await readFile(new URL("../../media/model/foretype-mini.gguf", pathUrl(script)));
    const files = [{ path: "OWNER/mini.gguf", size: bytes.length }];
    const remote = {
      files,
      read: async (_: string, offset: number, length: number) => {
        onRead();
        return bytes.subarray(offset, offset + length);
      },
    };
    return JSON.stringify(await client.describeRemote("OWNER/mini.gguf", remote));
  }

  async function learn() {
    const text = await complete(client);
    return { text, long: await complete(client, longPrompt), description: await describe() };
  }

  const same = (found: string, right: string) => {
    if (found !== right) throw new Error(`${JSON.stringify(found)} came, expected ${JSON.stringify(right)}`);
  };

  /** What runs while the process is killed. @returns checks what came of it */
  const works: Record<Moment, (random: Random) => Promise<void>> = {
    async start(random) {
      await renew();
      started = () => void wait(random() * 150).then(kill);
      const text = complete(client);
      started = () => {};
      same(await text, expected!.text);
    },
    async load(random) {
      await renew();
      const loads = new Promise<void>((resolve) => {
        loading = resolve;
      });
      const text = complete(client);
      await loads;
      loading = () => {};
      await wait(random() * random() * 800);
      kill();
      same(await text, expected!.text);
    },
    async prompt(random) {
      await complete(client);
      const text = complete(client, longPrompt);
      await wait(random() * 120);
      kill();
      same(await text, expected!.long);
    },
    async decode(random) {
      await complete(client, prompt, undefined, { maxTokens: 1 });
      const at = 1 + Math.floor(random() * (expected!.text.length - 1));
      let killed = false;
      const text = complete(client, prompt, (written) => {
        if (killed || written.length < at) return;
        killed = true;
        kill();
      });
      same(await text, expected!.text);
    },
    async download(random) {
      await complete(client, prompt, undefined, { maxTokens: 1 });
      let reads = 1 + Math.floor(random() * 3);
      same(
        await describe(() => {
          if (--reads === 0) kill();
        }),
        expected!.description,
      );
    },
    async snapshot(random) {
      // Another document's prompt is read ahead; what stood before is copied out with its states.
      await complete(client, longPrompt);
      const elsewhere = { ...longPrompt, path: "b.ts", prefix: `// ${random()}\n${longPrompt.prefix}` };
      const completer = client.completerFor(() => ({ path: "mini" }));
      const ahead = completer.prepare(elsewhere).then(() => complete(client, longPrompt));
      await wait(random() * 300);
      kill();
      same(await ahead, expected!.long);
    },
  };

  return {
    async kill(moment: Moment, random: Random): Promise<void> {
      expected ??= await learn();
      const before = pids.length;
      await works[moment](random);
      if (pids.length === 0 && before === 0) throw new Error("no process was killed");
      // What was killed is gone, and one that listens is left.
      for (const pid of pids.slice(0, -1)) await until(() => !isThere(pid), 10_000, `process ${pid} is left`);
      pids.splice(0, pids.length - 1);
      same(await complete(client), expected.text);
    },
    async close(): Promise<void> {
      client.dispose();
      await gone();
      // A process that has ended is gone before Node has asked about it.
      const hasHandles = () => process.getActiveResourcesInfo().includes("ProcessWrap");
      await until(() => !hasHandles(), 10_000, "a handle of a process is left");
    },
  };
}

const pathUrl = (script: string): string =>
  `file://${script.replace(/out[\\/]test[\\/].*$/, "test/torture/")}`;
