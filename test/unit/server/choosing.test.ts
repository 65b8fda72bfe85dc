import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createKernelChoices, recordingGpu } from "../../../engine/gpu/index.ts";
import { createLostDevices } from "../../../engine/server/lost_devices.ts";
import { createModels } from "../../../engine/server/models.ts";
import { miniModel } from "../../gpu/support/models.ts";

test("a GPU that takes the process with it while variants are timed keeps its drafts, and is not timed a third time", async () => {
  const folder = mkdtempSync(join(tmpdir(), "foretype-choosing-"));
  try {
    const path = join(folder, "lost_devices.json");
    /** A process: the device's last work in it, and what drafts. */
    const start = async (pid: number, dies: boolean) => {
      const { gpu } = recordingGpu();
      const lostDevices = createLostDevices({ path, log: () => {}, pid, isAlive: () => false });
      const models = createModels(
        () => ({ device: "auto", memoryLimit: 0, unloadAfterMinutes: 0 }),
        () => {},
        lostDevices,
        async () => gpu,
        createKernelChoices({ version: "", path: join(folder, "choices.json"), env: {} }),
      );
      const { model } = await models.use({ path: miniModel, context: 256 });
      let timed = false;
      const { createCommandEncoder } = gpu.device;
      gpu.device.createCommandEncoder = (...args) =>
        Object.assign(createCommandEncoder.apply(gpu.device, args), {
          clearBuffer({ label }: GPUBuffer) {
            if (!label.startsWith("products to time")) return;
            timed = true;
            if (!dies) return;
            lostDevices.end = () => {}; // it comes to nothing more
            throw new Error("the process is gone");
          },
        });
      await model.prepareRest(new AbortController().signal).catch(() => {});
      return { timed, drafts: model.drafts };
    };
    const first = await start(1, true);
    expect(first.timed).toBe(true);
    expect(await start(2, true)).toEqual(first);
    expect(await start(3, false)).toEqual({ ...first, timed: false });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
