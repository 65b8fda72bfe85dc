import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe } from "vitest";
import { openGpu } from "../../../engine/gpu/index.ts";
import { vulkanFolder } from "../../../scripts/environment.mjs";
import { TestBed } from "./test_bed.ts";

/**
 * The software devices, and the GPU where `npm test` has found one (FORETYPE_HARDWARE). FORETYPE_DEVICE names one device
 * to run the suites on instead.
 */
const devices = process.env.FORETYPE_DEVICE
  ? [process.env.FORETYPE_DEVICE]
  : ["lavapipe", "swiftshader", ...(process.env.FORETYPE_HARDWARE ? ["auto"] : [])];

const isMissing = (device: string): boolean =>
  ["lavapipe", "swiftshader"].includes(device) && !existsSync(join(vulkanFolder(), `${device}.json`));

/**
 * Defines a suite once for each device; `bed()` is the open device, and what a test makes with it is freed when the
 * test ends. The safe profile keeps Dawn's validation and bounds checks, the fast one is what people run.
 */
export function eachDevice(
  define: (bed: () => TestBed, device: string) => void,
  profile: "safe" | "fast" = "safe",
): void {
  for (const device of devices) {
    if (isMissing(device)) {
      describe.skip(`${device} is not set up: run \`npm start\` in the checkout`, () =>
        define(noBed, device));
      continue;
    }
    describe(`on ${device}, ${profile}`, () => {
      let bed: TestBed | undefined;
      beforeAll(async () => {
        bed = new TestBed(await openGpu({ device, safe: profile === "safe" }));
      });
      afterEach(() => bed?.freeBuffers());
      afterAll(() => bed?.gpu.close());
      define(() => bed ?? noBed(), device);
    });
  }
}

function noBed(): never {
  throw new Error("the device is opened before the first test, not while tests are defined");
}
