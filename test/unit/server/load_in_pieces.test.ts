import { expect, test } from "vitest";
import type { EngineEvent, FromEngine } from "../../../engine/contract/index.ts";
import { anyGpu, createKernelChoices, type Gpu, recordingGpu } from "../../../engine/gpu/index.ts";
import { createModels } from "../../../engine/server/models.ts";
import { miniModel } from "../../gpu/support/models.ts";
import { engineHere } from "../../torture/engine_here.ts";

// On a stand-in for a device, which computes nothing: its buffers are counted, and weights are read and written as on any.

const software = { ...anyGpu, software: true };
const lostDevices = { isLost: () => false, begin: () => {}, end: () => {} };
const edits = { path: miniModel, context: 256 };
const ghost = { path: miniModel, context: 512 };
const uniforms = 64 << 10; // bytes: they are made once, and kept with the device
const never = new AbortController().signal;

/** A signal that aborts while the first piece is on its way, as a key's does. */
function soon(): AbortSignal {
  const controller = new AbortController();
  setImmediate(() => controller.abort());
  return controller.signal;
}

function setUp() {
  const { gpu } = recordingGpu(software);
  const heard: FromEngine[] = [];
  let written = 0; // bytes
  const { writeBuffer } = gpu.device.queue;
  gpu.device.queue.writeBuffer = (...args: Parameters<typeof writeBuffer>) => {
    written += (args[2] as ArrayBufferView).byteLength;
    return writeBuffer.apply(gpu.device.queue, args);
  };
  const models = createModels(
    () => ({ device: "auto", memoryLimit: 0, unloadAfterMinutes: 0 }),
    (message) => heard.push(message),
    lostDevices,
    async () => gpu,
    createKernelChoices({ version: "", env: { FORETYPE_CHOICES: "off" } }),
  );
  return {
    gpu,
    models,
    loading: () => heard.flatMap((it) => (it.kind === "loading" ? [it] : [])),
    written: () => written,
    bytesOf: (context: number) => models.status().models.find((it) => it.context === context)?.bytes,
    /** Loads the model of edits, leaving the load as often as can be, `times` at most. @returns how often it was left */
    async leave(times = Number.POSITIVE_INFINITY): Promise<number> {
      let left = 0;
      while (left < times && !(await models.useInPieces(edits, soon()))) left++;
      return left;
    },
  };
}

test("a load that is left after each piece brings the same bytes as one at once, each of them once", async () => {
  const pieces = setUp();
  expect(await pieces.leave()).toBeGreaterThan(10);
  const whole = setUp();
  await whole.models.use(edits);
  expect(pieces.bytesOf(256)).toBe(whole.bytesOf(256));
  // Beside the weights: what kernels are warmed up with.
  expect(Math.abs(pieces.written() - whole.written())).toBeLessThan(uniforms);
  const weights = pieces
    .loading()
    .flatMap(({ step, fraction }) => (step === "weights" ? (fraction ?? []) : []));
  expect(weights).toEqual(weights.toSorted((a, b) => a - b));
  expect(weights.at(-1)).toBe(1);
});

test("while a load is left, another model is used, and nothing says that one is being loaded", async () => {
  const it = setUp();
  await it.leave(10);
  expect(it.models.isLeft).toBe(true);
  expect(it.loading().at(-1)?.fraction).toBeNull();
  const { model, loadMs } = await it.models.use(ghost);
  expect(loadMs).toBeGreaterThan(0);
  expect((await it.models.use(ghost)).model).toBe(model);
  expect(it.models.isLeft).toBe(true);
  await it.leave();
  expect(it.models.status().models.map(({ context }) => context)).toEqual([256, 512]); // the first makes room for the other
  const alone = setUp();
  await alone.models.use(ghost);
  expect(it.bytesOf(512)).toBe(alone.bytesOf(512));
});

test("a load that is given up anywhere leaves nothing on the GPU, and what was made meanwhile stays", async () => {
  const steps = await setUp().leave();
  for (let n = 1; n < steps; n += Math.ceil(steps / 8)) {
    const it = setUp();
    await it.leave(n);
    await it.models.use(ghost);
    await expect(it.models.useInPieces({ path: "/no/such/file.gguf" }, never)).rejects.toThrow();
    expect(it.models.isLeft, `after ${n} pieces`).toBe(false);
    expect(it.gpu.allBytesHeld - it.bytesOf(512)!, `after ${n} pieces`).toBeLessThan(uniforms);
    await it.models.unload();
    expect(it.gpu.allBytesHeld, `after ${n} pieces`).toBeLessThan(uniforms);
  }
});

test("whoever asks for the model of a load that was left has the rest of it", async () => {
  const it = setUp();
  await it.leave(10);
  const before = it.written();
  await it.models.use(edits);
  const rest = it.written() - before;
  const whole = setUp();
  await whole.models.use(edits);
  expect(rest).toBeLessThan(whole.written());
  expect(it.models.isLeft).toBe(false);
});

test("unloading and closing end a load that was left", async () => {
  for (const end of ["unload", "close"] as const) {
    const it = setUp();
    await it.leave(20);
    await it.models[end]();
    expect(it.models.isLeft).toBe(false);
    expect(it.models.empty).toBe(true);
  }
});

test("a request is answered between two pieces of an edit model's load, which goes on although the edit is cancelled", async () => {
  let onLoading: (fraction: number) => void = () => {};
  const here = engineHere(
    (): Gpu => recordingGpu(software).gpu,
    () => {},
    (message) => {
      if (message.kind === "loading" && message.step === "weights" && message.fraction !== null)
        onLoading(message.fraction);
    },
  );
  const order: string[] = [];
  let reached = 0;
  let other: Promise<EngineEvent[]> | undefined;
  onLoading = (fraction) => {
    reached = Math.max(reached, fraction);
    if (fraction === 0 || other) return;
    const prompt = { path: "a.ts", prefix: "", middle: "x", suffix: "", context: [] };
    const model = { path: "/no/such/file.gguf" };
    other = here.ask({ kind: "complete", model, prompt, maxTokens: 1, priority: "automatic" }, ({ kind }) => {
      order.push(`ghost text: ${kind}, ${reached < 1 ? "in the midst of the load" : "after the load"}`);
      cancel();
    });
  };
  let cancel = () => {};
  const edit = here.ask(
    {
      kind: "edit",
      model: edits,
      prompt: ["const a = 1;\n"],
      steady: [0],
      original: "const a = 1;\n",
      stops: [],
      maxTokens: 1,
    },
    ({ kind }) => order.push(`edit: ${kind}`),
  );
  cancel = () => here.engine.receive({ kind: "cancel", id: 1 });
  await edit;
  await other;
  expect(order).toEqual(["ghost text: error, in the midst of the load", "edit: done"]);
  while ((await here.status()).models.length === 0) await new Promise((resolve) => setImmediate(resolve));
  expect(reached).toBe(1);
  await here.close();
});
