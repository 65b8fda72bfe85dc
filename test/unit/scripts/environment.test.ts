import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, afterEach, beforeEach, expect, test, vi } from "vitest";
import { vulkanFolder as engineFolder, withVulkanLoader } from "../../../engine/gpu/vulkan_folder.ts";
import { childEnvironment, LOADER, ROOT, vulkanFolder } from "../../../scripts/environment.mjs";
import { copyIfOther } from "../../../scripts/setup/vulkan.mjs";
import { capture } from "../../../scripts/steps.mjs";

const folder = mkdtempSync(join(tmpdir(), "foretype-environment-"));
const loader = join(folder, "loader");
// No library, so that a loader which the system has is told from it.
mkdirSync(loader);
writeFileSync(
  join(loader, LOADER),
  "not a library, and long enough to be read as far as its header\n".repeat(4),
);

beforeEach(() => void vi.stubEnv("FORETYPE_VULKAN_DIR", folder));
afterEach(() => void vi.unstubAllEnvs());
afterAll(() => rmSync(folder, { recursive: true }));

test.runIf(process.platform === "linux")(
  "a child that asks the system for the Vulkan loader gets set-up's",
  async () => {
    const ask = `try { process.dlopen({ exports: {} }, "${LOADER}") } catch (error) { console.log(error.message) }`;
    const { stdout } = await capture(process.execPath, ["-e", ask]);
    expect(stdout).toContain(join(loader, LOADER));
    const env = { LD_LIBRARY_PATH: "" };
    expect((await capture(process.execPath, ["-e", ask], { env })).stdout).not.toContain(loader);
  },
);

test("a child is told where the software devices are, and what its starter adds wins", () => {
  expect(childEnvironment().FORETYPE_VULKAN_DIR).toBe(folder);
  expect(childEnvironment({ FORETYPE_VULKAN_DIR: "elsewhere", A: "1" })).toMatchObject({
    FORETYPE_VULKAN_DIR: "elsewhere",
    A: "1",
  });
  expect(childEnvironment({ A: undefined }, { A: "1", B: "2" })).not.toHaveProperty("A");
});

test("children of children have the loader's folder once, before the user's own", () => {
  const path = ["first", loader, "second"].join(delimiter);
  const once = childEnvironment({}, { ...process.env, LD_LIBRARY_PATH: path });
  expect(once.LD_LIBRARY_PATH).toBe([loader, "first", "second"].join(delimiter));
  expect(childEnvironment({}, once)).toEqual(once);
});

test("without a loader of set-up's the library path stays as it is", () => {
  const elsewhere = { FORETYPE_VULKAN_DIR: join(folder, "none"), LD_LIBRARY_PATH: "mine" };
  expect(childEnvironment({}, elsewhere).LD_LIBRARY_PATH).toBe("mine");
});

test("the engine and set-up agree on the folder and on the library path", () => {
  // An empty name is none: a driver manifest or a loader in the current folder, a repository perhaps, is never taken.
  for (const dir of [folder, undefined, ""]) {
    vi.stubEnv("FORETYPE_VULKAN_DIR", dir);
    expect(engineFolder()).toBe(vulkanFolder());
    const ours = childEnvironment();
    expect(withVulkanLoader({ ...process.env }).LD_LIBRARY_PATH).toBe(ours.LD_LIBRARY_PATH);
  }
  expect(vulkanFolder()).toBe(join(ROOT, ".cache", "vulkan"));
});

test("the loader is copied beside Dawn again once a new installation has left none, or another, and only then", () => {
  const [from, to] = [join(loader, LOADER), join(folder, "beside")];
  expect(copyIfOther(from, to)).toBe(true);
  expect(copyIfOther(from, to)).toBe(false);
  writeFileSync(to, "older");
  expect(copyIfOther(from, to)).toBe(true);
  rmSync(to);
  expect(copyIfOther(from, to)).toBe(true);
});
