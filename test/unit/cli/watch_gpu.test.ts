import { expect, test } from "vitest";
import { watchGpu } from "../../../engine/cli/commands/watch_gpu.ts";
import type { GpuPulse } from "../../../engine/contract/index.ts";
import { fakeClock } from "../support/clock.ts";

const working: GpuPulse = { waiting: true, returned: 3, patienceMs: 10_000 };

test("a command ends with a sentence when nothing comes from the GPU for 10 s, once", async () => {
  const clock = fakeClock();
  const ends: string[] = [];
  watchGpu({ pulse: working }, { clock, end: ({ message }) => ends.push(message) });
  await clock.pass(10_000);
  expect(ends).toEqual([]);
  await clock.pass(60_000);
  expect(ends).toEqual([
    "The GPU gave no answer for 10 s: try again, and choose a smaller model or update the GPU's driver if it happens again.",
  ]);
});

test("a GPU that answers is left alone, and nothing is watched once the command is done", async () => {
  const clock = fakeClock();
  const ends: string[] = [];
  let returned = 0;
  const gpu = {
    get pulse(): GpuPulse {
      return { ...working, returned: returned++ };
    },
  };
  const watch = watchGpu(gpu, { clock, end: ({ message }) => ends.push(message) });
  await clock.pass(60_000);
  watch[Symbol.dispose]();
  expect(clock.pending).toBe(0);
  expect(ends).toEqual([]);
});
