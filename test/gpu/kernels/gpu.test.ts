import { expect, test } from "vitest";
import { UserError } from "../../../engine/errors/index.ts";
import { type KernelSource, PlanRecorder, ReadbackRing } from "../../../engine/gpu/index.ts";
import { eachDevice } from "../support/devices.ts";

/** y_i = x_i + ADD, for 64 words. */
const adding = (value: number): KernelSource => ({
  name: "adding",
  parts: [
    `@group(0) @binding(0) var<storage, read> x: array<u32>;
     @group(0) @binding(3) var<storage, read_write> y: array<u32>;
     @compute @workgroup_size(64) fn main(@builtin(local_invocation_index) i: u32) { y[i] = x[i] + ADD; }`,
  ],
  constants: { ADD: `${value}u` },
});

const words = (value: number) => new Uint32Array(64).fill(value);

for (const profile of ["safe", "fast"] as const) {
  eachDevice((bed) => {
    test("a kernel is compiled once for its text, a bind group made once for its access pattern and buffers", async () => {
      const { gpu } = bed();
      const [a, b] = [bed().upload(words(1)), bed().upload(words(2))];
      const before = { ...gpu.counters };
      const [one, same, two] = await Promise.all(
        [adding(1), adding(1), adding(2)].map((source) => gpu.kernel(source)),
      );
      expect(same).toBe(one);
      expect(gpu.counters.pipelines - before.pipelines).toBe(2);
      expect(one!.bindings.map(({ name, binding }) => [name, binding])).toEqual([
        ["x", 0],
        ["y", 3],
      ]);

      const group = gpu.bind(one!, { x: a, y: b });
      expect(gpu.bind(one!, { y: { buffer: b, offset: 0, size: b.size }, x: a })).toBe(group);
      expect(gpu.bind(two!, { x: a, y: b })).toBe(group);
      expect(gpu.bind(one!, { x: b, y: a })).not.toBe(group);
      expect(gpu.counters.bindGroups - before.bindGroups).toBe(2);
      expect(() => gpu.bind(one!, { x: a })).toThrow("kernel adding is bound without y: it has x, y");
    });

    test("a plan that is encoded again makes nothing, and submits once", async () => {
      const { gpu } = bed();
      const [a, b] = [bed().upload(words(1)), bed().upload(words(0))];
      const recorder = new PlanRecorder(gpu);
      recorder.part = "there";
      recorder.dispatch(adding(1), { x: a, y: b }, [1]);
      recorder.dispatch(adding(1), { x: a, y: b }, [({ positions }) => positions]);
      recorder.part = "back";
      recorder.dispatch(adding(2), { x: b, y: a }, [1]);
      const plan = await recorder.finish();
      expect([...plan.dispatchesByPart()]).toEqual([
        ["there", 2],
        ["back", 1],
      ]);
      const before = { ...gpu.counters };
      for (let i = 0; i < 3; i++) bed().execute(plan, 1);
      expect(gpu.counters).toEqual({ ...before, submits: before.submits + 3 });
      expect(await bed().words(a)).toEqual(words(10));
    });

    test("a plan whose buffers do not fit a kernel's variables is refused, by their names", async () => {
      const { gpu } = bed();
      const [x, y] = [bed().upload(words(1)), bed().upload(words(2))];
      const recorder = new PlanRecorder(gpu);
      recorder.dispatch(adding(1), { x, y, z: y }, [1]);
      await expect(recorder.finish()).rejects.toThrow("kernel adding has no binding z: it has x, y");
    });

    test("freeing a buffer forgets the bind groups that name it, and no others", async () => {
      const { gpu } = bed();
      const kernel = await gpu.kernel(adding(1));
      const [a, b, c] = [bed().upload(words(1)), bed().upload(words(2)), bed().upload(words(3))];
      const kept = gpu.bind(kernel, { x: a, y: c });
      gpu.bind(kernel, { x: a, y: b });
      const held = gpu.bytesHeld();
      gpu.free(b);
      expect(gpu.bytesHeld()).toEqual({ ...held, activations: held.activations - 256 });
      expect(() => gpu.bind(kernel, { x: a, y: b })).toThrow("was freed");
      expect(gpu.bind(kernel, { x: a, y: c })).toBe(kept);
      const again = bed().upload(words(4));
      const { bindGroups } = gpu.counters;
      gpu.bind(kernel, { x: a, y: again });
      expect(gpu.counters.bindGroups).toBe(bindGroups + 1);
      gpu.free(b); // a second time is no harm
    });

    test("a buffer that the device cannot hold is refused with both sizes", () => {
      const { gpu } = bed();
      const bytes = gpu.device.limits.maxBufferSize + 1;
      expect(() => gpu.buffer("KV cache", bytes, "kv")).toThrow(UserError);
      expect(() => gpu.buffer("KV cache", bytes, "kv")).toThrow(
        /^KV cache needs a buffer of [\d.]+ [GM]iB and .+ allows/,
      );
    });

    test("a readback ring returns records in order and refuses one more than it holds", async () => {
      const { gpu } = bed();
      const source = bed().upload(words(0));
      const ring = new ReadbackRing(gpu, 8, 2);
      const { bytesReadBack, buffers } = gpu.counters;
      const send = (value: number) => {
        bed().write(source, words(value));
        const encoder = gpu.device.createCommandEncoder();
        const read = ring.record(encoder, source);
        gpu.submit(encoder.finish());
        return read();
      };
      for (let value = 0; value < 6; value += 2) {
        const both = [send(value), send(value + 1)];
        expect(() => send(9)).toThrow("more than 2 records under way");
        expect((await Promise.all(both)).map((record) => [...record])).toEqual([
          [value, value],
          [value + 1, value + 1],
        ]);
      }
      expect(gpu.counters).toMatchObject({ bytesReadBack: bytesReadBack + 48, buffers });
      const { staging } = gpu.bytesHeld();
      ring.free();
      expect(gpu.bytesHeld().staging).toBe(staging - 32);
    });

    test("WGSL that does not compile is an error that names the kernel, and the device is left as it was", async () => {
      const { gpu } = bed();
      const broken = { ...adding(1), name: "broken", constants: {} };
      await expect(gpu.kernel(broken)).rejects.toThrow(
        /^kernel broken does not compile: .*unresolved value 'ADD'/s,
      );
      await gpu.idle();
      expect(await gpu.kernel(adding(3))).toBeDefined();
    });
  }, profile);
}
