import { expect, test } from "vitest";
import { seededRandom } from "../../reference/random.ts";
import { testSeed } from "../../reference/seed.ts";
import { createChangedModels } from "../../torture/changed_models.ts";
import { eachDevice } from "../support/devices.ts";

// The long form is a part of test/torture/long.mjs.
const tries = 12;

eachDevice((_, device) => {
  test.skipIf(device === "swiftshader")(
    // it computes in many times the time of lavapipe
    "a changed model gives the tokens that it gave before, others where it may, or a sentence, in either profile",
    async () => {
      const seed = testSeed(777);
      const models = createChangedModels(device, ["Q8_0"]);
      const counts = { same: 0, another: 0, refused: 0 };
      for (let i = 0; i < tries; i++) {
        const random = seededRandom(seed + 7919 * i);
        random();
        const outcome = await models.one(random, i).catch((error: Error) => {
          throw new Error(`seed ${seed}, ${i}: ${error.message}`);
        });
        counts[outcome]++;
      }
      await models.close();
      expect(Math.min(counts.same, counts.refused), JSON.stringify(counts)).toBeGreaterThan(0);
    },
    120_000,
  );
});
