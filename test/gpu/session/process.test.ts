import { existsSync } from "node:fs";
import { copyFile, open } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createEngineClient, type EngineClient, type EngineState } from "../../../engine/client/client.ts";
import type { CompletionDelta, CompletionPriority, GenerationEnd } from "../../../engine/contract/index.ts";

import { childEnvironment, vulkanFolder } from "../../../scripts/environment.mjs";
import { writeChatModel } from "../../editor/support/chat_model.ts";
import { bundleProgram } from "../support/bundle.ts";
import { miniModel, temporaryFolder } from "../support/models.ts";

// The real process over real IPC, on the quicker of the software devices or the GPU.
const root = join(import.meta.dirname, "../../..");
const device = process.env.FORETYPE_DEVICE ?? (process.env.FORETYPE_HARDWARE ? "auto" : "lavapipe");
const missing = device === "lavapipe" && !existsSync(join(vulkanFolder(), "lavapipe.json"));
const bundle = join(root, "out", "test", "process.js");

const source = "export class Stack {\n  items: number[] = [];\n  push(item: number) {\n    this";
const prompt = { path: "stack.ts", prefix: "", middle: source, suffix: "\n  }\n}\n", context: [] };

let client: EngineClient;
let states: EngineState[] = [];
let logs: string[] = [];

const create = (command: { execPath?: string } = {}): EngineClient =>
  createEngineClient({
    command: () => ({
      execPath: command.execPath ?? process.execPath,
      script: bundle,
      env: childEnvironment(),
    }),
    settings: { device, memoryLimit: 0, unloadAfterMinutes: 30 },
    onState: (state) => states.push(state),
    onLog: (level, message) => logs.push(`${level}: ${message}`),
  });

beforeAll(async () => {
  await bundleProgram("engine/server/process.ts", bundle);
  client = create();
});
afterAll(() => client.dispose());
afterEach(() => {
  states = [];
  logs = [];
});

interface Options {
  readonly maxTokens?: number;
  readonly priority?: CompletionPriority;
  readonly signal?: AbortSignal;
  readonly path?: string;
  readonly onText?: (text: string) => void;
}

async function complete({
  maxTokens = 24,
  priority = "automatic",
  signal,
  path = "mini",
  onText,
}: Options = {}) {
  const stream: AsyncGenerator<CompletionDelta, GenerationEnd | undefined> = client
    .completerFor(() => ({ path }))
    .complete({ prompt, maxTokens, priority, ...(signal && { signal }) });
  let text = "";
  for (;;) {
    const { value, done } = await stream.next();
    if (done) return { text, end: value };
    text += value.text;
    onText?.(text);
  }
}

test.skipIf(missing)("the process completes, and tells what it cost", async () => {
  const { text, end } = await complete();
  expect(text).toMatch(/^\.\w+/);
  expect(end).toMatchObject({ promptTokens: expect.any(Number), tokens: expect.any(Number) });
  expect(end!.promptTokens).toBeGreaterThan(20);
  expect(states.map(({ kind }) => kind)).toEqual(expect.arrayContaining(["starting", "running", "loading"]));
  const status = await client.status();
  expect(status).toMatchObject({ models: [{ path: "mini", context: 512 }] });
  expect(status!.gpuBytes).toBeGreaterThan(4_000_000);
});

test.skipIf(missing)("it reads a prompt ahead, and what is typed after it costs its own tokens", async () => {
  const completer = client.completerFor(() => ({ path: "mini" }));
  const middle = "const numbers = [1, 2, 3];\nconst doubled = numbers.map((n) => ";
  const longer = { ...prompt, prefix: "export const elsewhere = 1;\n".repeat(8), middle };
  const first = await completer.prepare!(longer);
  expect(first.whole).toBe(true);
  expect(first.computedTokens).toBeGreaterThan(60);
  expect(await completer.prepare!(longer)).toEqual({ computedTokens: 0, whole: true });
  const stream = completer.complete({
    prompt: { ...longer, middle: `${middle}n * 2` },
    maxTokens: 4,
    priority: "automatic",
  });
  const { value } = await stream.next();
  await stream.return(undefined);
  expect((value as CompletionDelta).cost!.computedTokens).toBeLessThan(8);
  const abort = new AbortController();
  abort.abort();
  expect(await completer.prepare!({ ...prompt, path: "other" }, abort.signal)).toMatchObject({
    whole: false,
  });
});

test.skipIf(missing)("an edit lets ghost text pass, continues after it, and writes the same", async () => {
  const separator = { token: "<|file_sep|>" };
  const window = "const total = 1;\nprint(sum);\n";
  const texts = [`original/a.ts\nconst sum = 1;\nprint(sum);\n`, `current/a.ts\n${window}`, "updated/a.ts"];
  const asked = {
    prompt: texts.flatMap((text) => [separator, text]),
    steady: [2, 4],
    original: `\n${window}`,
    stops: ["<|file_sep|>"],
    maxTokens: 60,
  };
  const order: string[] = [];
  const edit = async (onText?: () => void) => {
    const stream = client.editorFor(() => ({ path: "mini" })).edit(asked);
    let text = "";
    for (;;) {
      const { value, done } = await stream.next();
      if (done) {
        order.push("edit");
        return { text, end: value };
      }
      text += value.text;
      onText?.();
    }
  };
  const alone = await edit();
  expect(alone.text.length).toBeGreaterThan(20);
  const before = await complete();
  order.length = 0;
  let ghost: ReturnType<typeof complete> | undefined;
  const between = await edit(() => {
    ghost ??= complete().finally(() => order.push("ghost"));
  });
  const after = await ghost!;
  expect(order).toEqual(["ghost", "edit"]);
  expect(between.text).toBe(alone.text);
  expect(between.end!.reason).toBe(alone.end!.reason);
  expect(after.text).toBe(before.text);
  expect(after.end!.computedTokens, "as if no edit had been").toBe((await complete()).end!.computedTokens);
});

test.skipIf(missing)(
  "it ends what is cancelled, in the prompt and in mid-decode, and answers the next alike",
  async () => {
    const { text } = await complete();
    for (const cancelAfter of ["at once", "the first text"]) {
      const abort = new AbortController();
      const cancelled = complete({
        maxTokens: 400,
        signal: abort.signal,
        onText: () => abort.abort(),
      });
      if (cancelAfter === "at once") abort.abort();
      expect((await cancelled).end).toBeUndefined();
      expect((await complete()).text).toBe(text);
    }
  },
);

test.skipIf(missing)("who is more urgent is served at once, and the other is told", async () => {
  let urgent: ReturnType<typeof complete> | undefined;
  const automatic = complete({
    maxTokens: 400,
    onText: () => {
      urgent ??= complete({ priority: "invoked", maxTokens: 8 });
    },
  });
  expect((await automatic).end?.reason).toBe("preempted");
  expect((await urgent!).end?.reason).toBe("max-tokens");
});

test.skipIf(missing)("killed in mid-decode it starts again, and the caller gets the same text", async () => {
  const { text: whole } = await complete({ maxTokens: 60 });
  let killed = false;
  const { text } = await complete({
    maxTokens: 60,
    onText() {
      if (killed) return;
      killed = true;
      process.kill(client.pid!, "SIGKILL");
    },
  });
  expect(killed).toBe(true);
  expect(text).toBe(whole);
  expect(states.map(({ kind }) => kind)).toContain("crashed");
});

test.skipIf(missing)(
  "a conversation streams by the model's template; without one the sentence says so",
  async () => {
    await using folder = await temporaryFolder();
    const path = folder.at("chat.gguf");
    await writeChatModel(path);
    const messages = [{ role: "user", content: "const a = 1;" }] as const;
    const deltas: string[] = [];
    for await (const { kind, text } of client.chat({ path }, { messages, maxTokens: 12 })) {
      expect(kind).toBe("text");
      deltas.push(text);
    }
    expect(deltas.join("")).not.toBe("");
    const mute = client.chat({ path: "mini" }, { messages, maxTokens: 12 });
    await expect(mute.next()).rejects.toThrow("no chat template");
    const long = [{ role: "user", content: "const a = 1;\n".repeat(300) }] as const;
    await expect(client.chat({ path }, { messages: long, maxTokens: 12 }).next()).rejects.toThrow(
      /The conversation has \d+ tokens and the model's context holds 512/,
    );
    expect((await client.status())!.models.map((it) => it.path)).toEqual(["mini", path]);
  },
);

test.skipIf(missing)("a model is described without a GPU, and unloading frees the GPU's memory", async () => {
  expect(await client.describe({ path: "mini" })).toMatchObject({
    architecture: "qwen35",
    completes: true,
    chats: false,
    contextLength: 512,
    mtpLayers: 1,
  });
  await complete({ maxTokens: 1 });
  const before = (await client.status())!.gpuBytes;
  await client.unload();
  const after = (await client.status())!;
  expect(after.models).toEqual([]);
  expect(after.gpuBytes).toBeLessThan(before / 4);
  expect((await complete({ maxTokens: 1 })).end?.reason).toBe("max-tokens");
});

test.skipIf(missing)(
  "a file that is missing, cut off or too large is one sentence, and the process lives on",
  async () => {
    await using folder = await temporaryFolder();
    const cut = folder.at("cut.gguf");
    await copyFile(miniModel, cut);
    await using file = await open(cut, "r+");
    await file.truncate(2_000_000);
    const { pid } = client;
    const refused = async (path: string) =>
      (await complete({ path }).catch((error: Error) => error)) as Error;
    for (const path of [folder.at("missing.gguf"), cut]) {
      const error = await refused(path);
      expect(error.name).toBe("UserError");
      expect(error.message).toMatch(/\.gguf[^\n]*: [^\n]*\.$/);
    }
    client.applySettings({ device, memoryLimit: 1_000_000, unloadAfterMinutes: 30 });
    expect((await refused("mini")).message).toMatch(
      /needs .* MiB of GPU memory .* is free: choose a smaller model/,
    );
    client.applySettings({ device, memoryLimit: 0, unloadAfterMinutes: 30 });
    expect((await complete({ maxTokens: 1 })).end?.reason).toBe("max-tokens");
    expect(client.pid).toBe(pid);
  },
);
