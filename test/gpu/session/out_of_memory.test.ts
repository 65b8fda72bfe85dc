import { expect, test } from "vitest";
import { outOfMemorySteps } from "../../torture/out_of_memory.ts";
import { eachDevice } from "../support/devices.ts";

// Buffers that the driver refuses are told of later and take the device with them: opening it takes a quarter of a second.
const strides = { "at once": 3, told: 45 } as const;

eachDevice((_, device) => {
  for (const how of ["at once", "told"] as const)
    test.runIf(device !== "swiftshader")(
      `memory that runs out at any buffer of a load, ${how}, is one sentence and leaves nothing, and the next text is right`,
      async () => {
        expect(await outOfMemorySteps(device, how, strides[how])).toBeGreaterThan(90);
      },
    );
}, "fast");
