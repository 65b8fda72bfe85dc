import { expect, test } from "vitest";
import { bundleProgram } from "../../gpu/support/bundle.ts";
import { temporaryFolder } from "../../gpu/support/models.ts";
import { seededRandom } from "../../reference/random.ts";
import { testSeed } from "../../reference/seed.ts";
import { createPullBench } from "../../torture/downloads.ts";

// The long form is a part of test/torture/long.mjs.
test("`models pull`, ended and disturbed at random moments, ends with the model and nothing beside it", async () => {
  const seed = testSeed();
  await using folder = await temporaryFolder();
  const cli = folder.at("cli.mjs");
  await bundleProgram("engine/cli/main.ts", cli);
  await expect(createPullBench(cli).pull(seededRandom(seed), 3), `seed ${seed}`).resolves.toBeUndefined();
}, 60_000);
