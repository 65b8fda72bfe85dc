// What a started process gets to know: where set-up has put the software devices and the Vulkan loader. The checkout's
// own Dawn finds both; an installed extension and a llama.cpp do not, unless their environment says so.
// Every process that scripts and tests start takes its environment from here: test/unit/repository/starts.test.ts checks it.
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** @typedef {Readonly<Record<string, string | undefined>>} Variables */

export const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** The file name of the Vulkan loader on Linux, as programs ask the system for it. */
export const LOADER = "libvulkan.so.1";

/**
 * The folder of set-up's software devices (`NAME.json`, a driver manifest) and of its Vulkan loader (`loader/`).
 * @param {Variables} [env]
 */
export const vulkanFolder = (env = process.env) =>
  resolve(env.FORETYPE_VULKAN_DIR || join(ROOT, ".cache", "vulkan"));

/**
 * The environment of a child process: ours, with the way to set-up's software devices and Vulkan loader, then `extra`.
 * @param {Variables} [extra]
 * @param {Variables} [inherited]
 * @returns {Record<string, string>}
 */
export function childEnvironment(extra = {}, inherited = process.env) {
  const vulkan = vulkanFolder(inherited);
  const loader = join(vulkan, "loader");
  /** @type {Record<string, string | undefined>} */
  const env = { ...inherited, FORETYPE_VULKAN_DIR: vulkan };
  if (existsSync(loader)) {
    const others = (inherited.LD_LIBRARY_PATH ?? "")
      .split(delimiter)
      .filter((path) => path && path !== loader);
    env.LD_LIBRARY_PATH = [loader, ...others].join(delimiter);
  }
  // Mesa complains on every start where Linux has no usable runtime folder.
  if (process.platform === "linux" && !inherited.XDG_RUNTIME_DIR?.startsWith("/")) {
    env.XDG_RUNTIME_DIR = tmpdir();
  }
  return defined({ ...env, ...extra });
}

/** @param {Variables} env */
const defined = (env) =>
  Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
