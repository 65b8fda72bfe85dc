import { expect, test } from "vitest";
import type { Candidate } from "../../../engine/gpu/adapters.ts";
import { openDevice } from "../../../engine/gpu/device.ts";
import { matrixFeatures } from "../../../engine/gpu/subgroup_matrices.ts";

/** An adapter with matrix units and a clock, whose driver refuses a device with any of these features; each opens one device at most. */
function adapterThatRefuses(refused: readonly string[], base = "") {
  let isSpent = false;
  const tries: string[][] = [];
  const adapter = {
    features: new Set(["timestamp-query", ...matrixFeatures]),
    info: {
      subgroupMinSize: 32,
      subgroupMatrixConfigs: [{ componentType: "f16", resultComponentType: "f32", M: 16, N: 16, K: 16 }],
    },
    async requestDevice({ requiredFeatures }: { requiredFeatures: string[] }) {
      if (isSpent) throw new Error("the adapter is consumed");
      isSpent = true;
      tries.push(requiredFeatures);
      if (base) throw new Error(base);
      if (requiredFeatures.some((name) => refused.includes(name))) throw new Error("vkCreateDevice failed");
      return { features: new Set(requiredFeatures) };
    },
  };
  const report = { description: "Some\nGPU", limits: {} };
  return { candidate: { gpu: {}, adapter, report } as unknown as Candidate, tries };
}

const never = () => Promise.reject(new Error("no second try is needed"));

test("a device has what serves speed where its driver keeps its word", async () => {
  const { candidate } = adapterThatRefuses([]);
  const { device } = await openDevice(candidate, never, false);
  expect(new Set(device.features)).toEqual(new Set(matrixFeatures));
  const timed = await openDevice(adapterThatRefuses([]).candidate, never, true);
  expect(new Set(timed.device.features)).toEqual(new Set(["timestamp-query", ...matrixFeatures]));
});

test("a driver that refuses a feature that it lists opens a device without it", async () => {
  const first = adapterThatRefuses(["chromium-experimental-subgroup-matrix"]);
  const second = adapterThatRefuses(["chromium-experimental-subgroup-matrix"]);
  const { device, adapter } = await openDevice(first.candidate, async () => second.candidate, false);
  expect(adapter).toBe(second.candidate.adapter);
  expect([...device.features]).toEqual([]);
  expect(first.tries).toEqual([[...matrixFeatures]]);
});

test("a driver that refuses every device is named, with what it says and what to do", async () => {
  const candidate = () =>
    adapterThatRefuses([], "vkCreateDevice failed with\nVK_ERROR_INITIALIZATION_FAILED").candidate;
  await expect(openDevice(candidate(), async () => candidate(), false)).rejects.toMatchObject({
    fault: {
      code: "device-missing",
      problem: "Some GPU could not be opened (vkCreateDevice failed with VK_ERROR_INITIALIZATION_FAILED)",
      advice: expect.stringContaining("update its driver"),
    },
  });
});
