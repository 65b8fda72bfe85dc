import { afterEach, beforeEach, expect, test } from "vitest";
import { Session } from "../../../engine/generate/index.ts";
import { openGguf } from "../../../engine/gguf/index.ts";
import { type Gpu, recordingGpu } from "../../../engine/gpu/index.ts";
import { allocateModel, type Model, readHyperparameters } from "../../../engine/model/index.ts";
import { miniModel } from "../../gpu/support/models.ts";

let gpu: Gpu;
let model: Model;
let session: Session;
/** Kernels that compile now, with what ends it; each waits for that while `slow`. */
let compiling: { readonly name: string; end(error?: Error): void }[];
/** All of them, in the order in which their compilation began. */
let begun: string[];
let slow: boolean;

beforeEach(async () => {
  ({ gpu } = recordingGpu());
  compiling = [];
  begun = [];
  slow = false;
  (gpu.device as unknown as Record<string, unknown>).createComputePipelineAsync = ({
    label,
  }: GPUComputePipelineDescriptor) => {
    begun.push(label!);
    if (!slow) return Promise.resolve({});
    return new Promise((resolve, reject) => {
      const entry = {
        name: label!,
        end(error?: Error) {
          compiling.splice(compiling.indexOf(entry), 1);
          if (error) reject(error);
          else resolve({});
        },
      };
      compiling.push(entry);
    });
  };
  await using file = await openGguf(miniModel);
  ({ model } = allocateModel(gpu, file, readHyperparameters(file)));
  session = new Session(gpu, model, { context: 96, drafts: { mode: "auto" } });
});
afterEach(() => {
  session.free();
  model.free();
});

/** Lets all that can go on, go on. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

test("what a first text needs compiles side by side, the prompt's kernels first", async () => {
  session.free();
  session = new Session(gpu, model, { context: 96 });
  slow = true;
  let prepared = false;
  const preparing = session.prepare().then(() => {
    prepared = true;
  });
  await settle();
  expect(compiling).toHaveLength(gpu.counters.pipelines); // all have begun, and none has ended
  expect(prepared).toBe(false);
  slow = false;
  for (const { end } of [...compiling]) end();
  await preparing;
  const { pipelines } = gpu.counters;
  await session.read({ ids: [1, 2, 3, 4, 5] });
  await session.decodePlan(false);
  expect(gpu.counters.pipelines).toBe(pipelines);
  const plan = (await session.plans([1])).get("prompt")!;
  const kernels = [...new Set(plan.dispatches.map(({ kernel }) => kernel))];
  expect(begun.slice(0, kernels.length)).toEqual(kernels.map(({ name }) => name));
});

test("the rest compiles a kernel at a time, and a request waits for none of them", async () => {
  await session.prepare();
  slow = true;
  const turn = new AbortController();
  const rest = session.prepareRest(turn.signal);
  await settle();
  for (let kernel = 0; kernel < 3; kernel++) {
    expect(compiling).toHaveLength(1);
    compiling[0]!.end();
    await settle();
  }
  turn.abort();
  expect(await rest).toBe(false);
  expect(compiling).toHaveLength(1);
  // The request runs on what is there, and the one under way ends some time.
  const { pipelines } = gpu.counters;
  await session.read({ ids: [1, 2, 3, 4, 5] });
  expect(gpu.counters.pipelines).toBe(pipelines);
  compiling[0]!.end();
  slow = false;
  expect(await session.prepareRest()).toBe(true);
  expect(await session.prepareRest()).toBe(true);
});

test("a session that is freed while the rest compiles leaves nothing, whatever becomes of the kernel under way", async () => {
  await session.prepare();
  const { bindGroups } = gpu.counters;
  slow = true;
  const turn = new AbortController();
  const rest = session.prepareRest(turn.signal);
  await settle();
  turn.abort();
  expect(await rest).toBe(false);
  session.free();
  model.free();
  compiling[0]!.end(new Error("the GPU was lost")); // an unhandled rejection would fail the test
  await settle();
  expect(compiling).toEqual([]);
  expect(gpu.counters.bindGroups).toBe(bindGroups);
  const { tables, ...held } = gpu.bytesHeld(); // uniforms are the device's
  expect(Object.values(held).every((bytes) => bytes === 0)).toBe(true);
});
