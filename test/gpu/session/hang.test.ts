import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { forkEngine } from "../../../engine/client/child.ts";
import { createEngineClient, type EngineClient } from "../../../engine/client/client.ts";
import type { FromEngine } from "../../../engine/contract/index.ts";
import { childEnvironment, vulkanFolder } from "../../../scripts/environment.mjs";
import { isThere } from "../../torture/processes.ts";
import { fakeClock } from "../../unit/support/clock.ts";
import { bundleProgram } from "../support/bundle.ts";
import { temporaryFolder } from "../support/models.ts";

// A kernel that never ends, in a real process on a software device, and a clock that the test turns. SwiftShader runs
// kernels on threads of its own, so its process answers while the GPU does not; lavapipe blocks the process, at once or
// after it has answered once more.
const root = join(import.meta.dirname, "../../..");
const drivers = vulkanFolder();
const bundle = join(root, "out", "test", "hanging_process.js");
const prompt = {
  path: "a.ts",
  prefix: "",
  middle: "export const items: number[] = [",
  suffix: "",
  context: [],
};

beforeAll(() => bundleProgram("test/gpu/support/hanging_process.ts", bundle));

let client: EngineClient | undefined;
const pids: number[] = [];
afterEach(() => {
  client?.dispose();
  for (const pid of pids.splice(0)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // it has ended
    }
  }
});

function bench(device: string, hangOnce?: string) {
  const clock = fakeClock();
  const logs: string[] = [];
  let pulses = 0;
  client = createEngineClient({
    command: () => ({
      execPath: process.execPath,
      script: bundle,
      env: childEnvironment(hangOnce === undefined ? {} : { HANG_ONCE: hangOnce }),
    }),
    settings: { device, memoryLimit: 0, unloadAfterMinutes: 30 },
    onState: () => {},
    onLog: (level, message) => logs.push(`${level}: ${message}`),
    clock,
    start(command) {
      const child = forkEngine(command);
      pids.push(child.pid!);
      return {
        ...child,
        onMessage: (listener) =>
          child.onMessage((message) => {
            if ((message as FromEngine).kind === "pulse") pulses++;
            listener(message);
          }),
      };
    },
  });
  const stream = client
    .completerFor(() => ({ path: "mini" }))
    .complete({ prompt, maxTokens: 12, priority: "automatic" });
  const finished = (async () => {
    let text = "";
    for (;;) {
      const { value, done } = await stream.next();
      if (done) return text;
      text += value.text;
    }
  })();
  finished.catch(() => {});
  const hangs = () => logs.filter((line) => line.includes("hangs from here on")).length;
  return {
    finished,
    logs,
    clock,
    /** Waits for the `nth` hang, then turns the clock by a second at a time until the process is given up. */
    async untilReplaced(nth: number, answers: boolean): Promise<void> {
      await until(() => hangs() === nth);
      const crashed = () => client!.state.kind === "crashed";
      while (!crashed()) {
        const before = pulses;
        // In steps shorter than the pause before a restart: a hang that an answer tells of in their midst is seen too.
        for (let step = 0; step < 4 && !crashed(); step++) await clock.pass(250);
        if (answers) await until(() => pulses > before || crashed());
      }
    },
  };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

for (const [device, answers, sentence] of [
  ["swiftshader", true, /^error: The GPU gave no answer for 300 s: /],
  ["lavapipe", false, /^error: The (GPU|engine's process) gave no answer for 300 s: /],
] as const) {
  describe.skipIf(!existsSync(join(drivers, `${device}.json`)))(`on ${device}`, () => {
    test("a GPU that hangs has its process replaced, and the text is whole", async () => {
      await using folder = await temporaryFolder();
      const it = bench(device, folder.at("hung"));
      await it.untilReplaced(1, answers);
      expect(it.logs).toContainEqual(expect.stringMatching(sentence));
      await until(() => !isThere(pids[0]!));
      await it.clock.pass(500);
      const text = await it.finished;
      expect(pids).toHaveLength(2);
      client?.dispose();
      // In a process where nothing hangs.
      expect(await bench(device, folder.at("hung")).finished).toBe(text);
    });
  });
}

describe.skipIf(!existsSync(join(drivers, "swiftshader.json")))("on swiftshader", () => {
  test("a request on which the GPU hangs twice ends with a sentence", async () => {
    const it = bench("swiftshader");
    await it.untilReplaced(1, true);
    await it.clock.pass(500);
    await it.untilReplaced(2, true);
    await expect(it.finished).rejects.toThrow("The GPU gave no answer for 300 s, for the second time");
  });
});
