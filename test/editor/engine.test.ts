import { expect, test } from "vitest";
import { openAt, save, type } from "./support/actions.ts";
import { ANSWER_MS, waitForGhost } from "./support/ghost.ts";
import { cpuMs, findEngine } from "./support/processes.ts";
import { PYTHON, STACK } from "./support/samples.ts";
import { useWindow } from "./support/use_window.ts";

const window = useWindow();

test("the engine starts with the first suggestion, not with the editor", async () => {
  await openAt(window, "first.ts", STACK);
  expect(findEngine(window.pid)).toBeUndefined();
  await type(window, "this");
  await waitForGhost(window);
  expect(findEngine(window.pid)?.parent).toBeGreaterThan(0);
});

test("kill -9 on the engine in the middle of a request: the suggestion comes all the same, and nothing typed is lost", async () => {
  // A retry of this test may find it starting again.
  await expect.poll(() => findEngine(window.pid), { timeout: ANSWER_MS }).toBeDefined();
  const engine = findEngine(window.pid)!;
  await openAt(window, "killed.py", PYTHON);
  const idleMs = cpuMs(engine.pid);
  await type(window, "self.");
  // The prompt alone takes the software device a quarter of a second.
  await expect
    .poll(() => cpuMs(engine.pid) - idleMs, { timeout: ANSWER_MS, interval: 10 })
    .toBeGreaterThan(30);
  process.kill(engine.pid, "SIGKILL");
  await waitForGhost(window);
  // It starts again after half a second; on a busy machine the text may have come before the kill.
  await expect
    .poll(() => findEngine(window.pid)?.pid ?? engine.pid, { timeout: ANSWER_MS })
    .not.toBe(engine.pid);
  expect(await save(window, "killed.py")).toBe(PYTHON.replace("‸", "self."));
});
