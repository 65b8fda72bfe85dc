import { homedir } from "node:os";
import { posix, win32 } from "node:path";

/** The folder for what this program keeps for the user: models, and what it has learned of the machine. */
export function dataFolder(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
): string {
  if (platform === "win32")
    return win32.join(env.LOCALAPPDATA || win32.join(home, "AppData", "Local"), "Foretype");
  if (platform === "darwin") return posix.join(home, "Library", "Application Support", "Foretype");
  // A relative XDG path is to be ignored, by the XDG specification.
  const data = env.XDG_DATA_HOME?.startsWith("/") ? env.XDG_DATA_HOME : posix.join(home, ".local", "share");
  return posix.join(data, "foretype");
}
