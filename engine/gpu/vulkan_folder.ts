// Where set-up has put what Vulkan needs and the system lacks.
import { existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * The folder with the driver manifests of software devices (`NAME.json`) and, where the system had none, the Vulkan
 * loader (`loader/libvulkan.so.1`): FORETYPE_VULKAN_DIR, else `.cache/vulkan` of the checkout around this file.
 */
export function vulkanFolder(): string | undefined {
  if (process.env.FORETYPE_VULKAN_DIR) return process.env.FORETYPE_VULKAN_DIR;
  for (let at = dirname(fileURLToPath(import.meta.url)); ; at = dirname(at)) {
    if (existsSync(join(at, "package.json"))) return join(at, ".cache", "vulkan");
    if (at === dirname(at)) return undefined;
  }
}

/**
 * `env` with set-up's Vulkan loader first on the library path, for a child that asks the system for the loader, as
 * llama.cpp does. Dawn needs none of it: it looks beside its own binary first.
 */
export function withVulkanLoader(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const folder = vulkanFolder();
  const loader = folder && join(folder, "loader");
  if (!loader || !existsSync(loader)) return env;
  const others = (env.LD_LIBRARY_PATH ?? "").split(delimiter).filter((path) => path && path !== loader);
  return { ...env, LD_LIBRARY_PATH: [loader, ...others].join(delimiter) };
}
