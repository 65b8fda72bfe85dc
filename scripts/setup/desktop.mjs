// A desktop VS Code for tests: the one that @vscode/test-electron has downloaded, or downloads now.
import { join } from "node:path";
import { ROOT } from "../steps.mjs";

/**
 * Answers the program's path, or `{ missing }`, why there is none, in one sentence.
 * @returns {Promise<{ code: string, missing?: undefined } | { code?: undefined, missing: string }>}
 */
export async function findDesktop() {
  const { platform, env } = process;
  if (platform === "linux" && !env.DISPLAY && !env.WAYLAND_DISPLAY) {
    return { missing: "no screen was found: run this in a desktop session, or under xvfb-run." };
  }
  const { downloadAndUnzipVSCode, SilentReporter } = await import("@vscode/test-electron");
  try {
    const cachePath = join(ROOT, ".cache", "desktop");
    const code = await downloadAndUnzipVSCode({
      version: "stable",
      cachePath,
      reporter: new SilentReporter(),
    });
    return { code };
  } catch (error) {
    return {
      missing: `VS Code could not be downloaded (${/** @type {Error} */ (error).message}): connect, then run this again.`,
    };
  }
}
