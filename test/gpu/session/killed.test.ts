import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { vulkanFolder } from "../../../scripts/environment.mjs";
import { seededRandom } from "../../reference/random.ts";
import { testSeed } from "../../reference/seed.ts";
import { deafHost } from "../../torture/deaf_host.ts";
import { endHost } from "../../torture/hosts.ts";
import { createLossBench } from "../../torture/lost_devices.ts";
import { createKillBench } from "../../torture/processes.ts";
import { bundleProgram } from "../support/bundle.ts";

// Real processes on the quicker of the software devices; `npm run torture` kills some hundred of them.
const root = join(import.meta.dirname, "../../..");
const device = "lavapipe";
const bundle = (name: string) => join(root, "out", "test", `killed_${name}.js`);

beforeAll(async () => {
  await bundleProgram("engine/server/process.ts", bundle("process"));
  await bundleProgram("test/gpu/support/hanging_process.ts", bundle("hanging"));
  await bundleProgram("test/torture/host.ts", bundle("host"));
});

describe.skipIf(!existsSync(join(vulkanFolder(), `${device}.json`)))(`on ${device}`, () => {
  describe("the engine's process", () => {
    const bench = createKillBench(bundle("process"), device);
    afterAll(() => bench.close());
    for (const moment of ["load", "decode"] as const)
      test(`killed in its ${moment}, another has the whole answer, and none is left`, async () => {
        await bench.kill(moment, seededRandom(testSeed()));
      });
  });

  for (const [when, how, title] of [
    ["hanging", "killed", "a host that is killed leaves no engine, not even one whose driver blocks it"],
    ["any", "left", "a window that closes leaves no engine, whatever it does"],
  ] as const)
    test(title, async () => {
      const engine = bundle(when === "any" ? "process" : "hanging");
      await endHost({ host: bundle("host"), engine, device, when, how }, seededRandom(testSeed()));
    });

  test("a host that does not read is kept no more for than it asked, and has all of it when it reads", async () => {
    await deafHost({ engine: bundle("process"), device, requests: 3, pings: 3000, reads: true });
  });

  test("a GPU that is lost at any moment costs no text", async () => {
    const bench = createLossBench(device);
    const random = seededRandom(testSeed());
    // How many submits an answer takes depends on the time: the chosen one may never come.
    for (let n = 0; n < 2 || (bench.losses === 0 && n < 20); n++) await bench.lose(random);
    expect(bench.losses).toBeGreaterThanOrEqual(1);
    bench.close();
  });
});
